from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.file_names import disguises, is_active, is_unsafe, shown
from shared.domain.file_signatures import Structure
from shared.domain.file_types import mismatch
from shared.domain.hashing import Hashing
from shared.domain.inspection import DetectedType, KnownType
from tests.unit.scanning.samples import PNG, zipped


@pytest.mark.parametrize(
    "name",
    [
        "invoice.pdf.exe",
        "photo.jpg.scr",
        "letter.docx.js. ",
        "a/b/scan.pdf.lnk",
        "invoice\u202egpj.exe",
        "x.pdf        .exe",
    ],
)
def test_disguised_names_are_told(name):
    assert list(disguises(name))


@pytest.mark.parametrize(
    "name", ["report.pdf", "setup.exe", "v1.2.docx", "archive.tar.gz", "Bericht März 2026.xlsx", "a", ""]
)
def test_ordinary_names_are_no_disguise(name):
    assert not list(disguises(name))


def test_names_are_shown_without_what_deceives_the_eye():
    assert shown("a\u202eb\nc\0") == "a<U+202E>b<U+000A>c<U+0000>"
    assert len(shown("x" * 10_000)) == 201


@given(st.text())
def test_any_name_can_be_judged_and_shown(name):
    assert shown(name).isprintable()
    list(disguises(name))
    is_unsafe(name)
    is_active(name)


@given(st.lists(st.sampled_from(["a", "b.txt", "..c", "d..", ".e"]), min_size=1))
def test_plain_paths_are_safe(parts):
    assert not is_unsafe("/".join(parts))


@given(st.lists(st.sampled_from(["a", "b"])), st.sampled_from(["..", "C:", "nul", "COM1.txt"]), st.sampled_from("/\\"))
def test_a_part_that_leads_elsewhere_is_unsafe_anywhere(parts, part, slash):
    for at in range(len(parts) + 1):
        assert is_unsafe(slash.join([*parts[:at], part, *parts[at:]]))


def polyglots(data: bytes, piece: int = 1 << 20) -> list[str]:
    structure = Structure()
    for at in range(0, len(data), piece):
        structure.feed(data[at : at + piece])
    return list(structure.polyglots())


ARCHIVE = zipped({"a": b"x"})


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (PNG + ARCHIVE, "png and a ZIP archive at once"),
        (b"%PDF-1.7\n" + ARCHIVE, "pdf and a ZIP archive at once"),
        (b"#!/bin/sh\n" + ARCHIVE + b"\n\n", "something else and a ZIP archive at once"),
        (b"GIF89a" + bytes(300) + b"%PDF-1.4", "gif and a PDF at once"),
        (PNG + b"<ScRiPt>alert(1)", "png image that holds the markup <script>"),
        (b"\xff\xd8\xff\xe1" + bytes(3000) + b"<?php system", "jpeg image that holds the markup <?php"),
        (b"GIF89a/*" + bytes(50) + b"*/=1;alert(1)", "gif and a script at once"),
    ],
)
def test_two_formats_at_once_are_told(data, told, piece):
    assert polyglots(data, piece) == [told]


def test_one_format_is_none_of_that():
    for data in (
        b"",
        PNG,
        ARCHIVE,
        b"%PDF-1.7\n",
        b"text that mentions <script> and %PDF-",
        b"MZ" + ARCHIVE,
        bytes(99),
    ):
        assert polyglots(data) == []
    assert polyglots(b"\x7fELF" + b"PK\x05\x06" + bytes(range(1, 40))) == []  # a program that handles ZIP
    assert polyglots(PNG + bytes(2000) + b"%PDF-1.4") == []  # readers do not look that far


def detected(label: str, group: str, *, text: bool = False, score: float = 0.99) -> DetectedType:
    return DetectedType(label=label, mime="a/b", group=group, description=label.upper(), score=score, text=text)


PDF, DOCX = KnownType(label="pdf", group="document", text=False), KnownType(label="docx", group="document", text=False)
TXT, HTML = KnownType(label="txt", group="text", text=True), KnownType(label="html", group="code", text=True)
JAR = KnownType(label="jar", group="archive", text=False)
DOC = KnownType(label="doc", group="document", text=False)


@pytest.mark.parametrize(
    ("promised", "found"),
    [
        ([PDF], detected("pebin", "executable")),
        ([PDF], detected("html", "code", text=True)),
        ([PDF], detected("zip", "archive")),
        ([DOCX], detected("jar", "archive")),
        ([DOC], detected("msi", "archive")),
        ([TXT], detected("pebin", "executable")),
        ([TXT], detected("powershell", "code", text=True)),
    ],
)
def test_what_is_something_else_than_promised_is_told(promised, found):
    assert found.label in next(mismatch(promised, found))


@pytest.mark.parametrize(
    ("promised", "found"),
    [
        ([], detected("pebin", "executable")),
        ([PDF], detected("pdf", "document")),
        ([PDF], detected("unknown", "unknown")),
        ([DOCX, PDF], detected("pdf", "document")),
        ([DOCX], detected("zip", "archive")),
        ([JAR], detected("zip", "archive")),
        ([TXT], detected("csv", "code", text=True)),
        ([TXT], detected("powershell", "code", text=True, score=0.5)),
        ([HTML], detected("javascript", "code", text=True)),
    ],
)
def test_what_fits_the_promise_or_promises_nothing_is_not(promised, found):
    assert not list(mismatch(promised, found))


@given(st.lists(st.binary()))
def test_hashes_of_pieces_are_those_of_the_whole(pieces):
    hashing = Hashing()
    for piece in pieces:
        hashing.feed(piece)
    whole, hashes = b"".join(pieces), hashing.hashes()
    assert hashes.sha256 == hashlib.sha256(whole).hexdigest()
    assert hashes.sha1 == hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    assert hashes.md5 == hashlib.md5(whole, usedforsecurity=False).hexdigest()
    assert hashes.size == len(whole)
