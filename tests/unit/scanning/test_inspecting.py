from __future__ import annotations

import gzip
import io

import pytest
import pyzipper

from shared.adapters.scanning.archives import BoundedArchives
from shared.adapters.scanning.magika_types import MagikaTypes
from shared.adapters.scanning.yara_scanner import YaraScanner
from shared.domain.errors import UnavailableError
from shared.domain.inspection import Verdict, WarningCode
from shared.ports.scanning import CHUNK, Content
from shared.services.evidence.inspecting import Inspecting
from tests.fakes import FakeScanner
from tests.unit.scanning.samples import EICAR, PNG, nested_bomb, overlapping_bomb, tarred, zipped

MB = 1024 * 1024
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] >>\nendobj\n"
HTML = b"<!DOCTYPE html><html><head><title>x</title></head><body><script>document.write(1)</script></body></html>\n" * 9


class Sparse:
    """Zeros of any size, with some bytes somewhere; counts what is read."""

    def __init__(self, size: int, at: int = 0, data: bytes = b"") -> None:
        self.size = size
        self.largest = 0
        self._at, self._data = at, data

    def read(self, offset, length):
        length = max(0, min(length, self.size - offset))
        self.largest = max(self.largest, length)
        out = bytearray(length)
        start, end = max(offset, self._at), min(offset + length, self._at + len(self._data))
        if start < end:
            out[start - offset : end - offset] = self._data[start - self._at : end - self._at]
        return bytes(out)


@pytest.fixture
def inspecting():
    return Inspecting(MagikaTypes(), BoundedArchives(), [YaraScanner()])


def codes(inspection):
    return {warning.code for warning in inspection.warnings}


def test_an_ordinary_file_is_clean_and_told_what_it_is(inspecting):
    inspection = inspecting.inspect(Content(PDF), "report.pdf", "application/pdf")
    assert (inspection.verdict, inspection.type.label, inspection.archive) == (Verdict.CLEAN, "pdf", None)
    assert inspection.warnings == []
    assert not inspection.dangerous
    assert inspection.hashes.size == len(PDF)


def test_an_empty_file_is_clean(inspecting):
    inspection = inspecting.inspect(Content(b""), "empty.txt")
    assert (inspection.verdict, inspection.type.label) == (Verdict.CLEAN, "empty")
    assert inspection.hashes.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_same_file_gets_the_same_answer(inspecting):
    data = zipped({"a.docx": zipped({"x": HTML}), "eicar.com": EICAR})
    assert inspecting.inspect(Content(data), "a.zip") == inspecting.inspect(Content(data), "a.zip")


@pytest.mark.parametrize(
    "data",
    [
        EICAR,
        zipped({"eicar.com": EICAR}),
        zipped({"a.zip": zipped({"b.zip": zipped({"eicar.com": EICAR})})}),
        tarred({"x/a.zip": zipped({"eicar.com": EICAR})}, "w:gz"),
        PNG + zipped({"eicar.com": EICAR}),
        gzip.compress(EICAR),
    ],
    ids=["plain", "zip", "zip in zip in zip", "zip in tar.gz", "behind a picture", "gzip"],
)
def test_malware_is_found_at_every_level(inspecting, data):
    inspection = inspecting.inspect(Content(data), "evidence.bin")
    assert inspection.verdict is Verdict.INFECTED
    assert inspection.scans[0].signatures == ["Eicar_Test_File"]
    assert inspection.dangerous


def test_where_in_an_archive_malware_lies_is_told(inspecting):
    data = zipped({"a.zip": zipped({"x/eicar.com": EICAR})})
    assert inspecting.inspect(Content(data), "a.zip").scans[0].reason == "Eicar_Test_File in a.zip!x/eicar.com"


@pytest.mark.parametrize("data", [nested_bomb(3), overlapping_bomb(100), zipped({"zeros": bytes(60 * MB)})])
def test_bombs_are_refused(inspecting, data):
    inspection = inspecting.inspect(Content(data), "a.zip")
    assert inspection.verdict is Verdict.REFUSED
    assert inspection.dangerous


def test_malware_in_a_bomb_is_infected_not_only_refused(inspecting):
    data = tarred({"eicar.com": EICAR, "bomb.zip": nested_bomb(6)})
    assert inspecting.inspect(Content(data), "a.tar").verdict is Verdict.INFECTED


def test_an_encrypted_archive_is_clean_with_a_warning(inspecting):
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"infected")
        archive.writestr("eicar.com", EICAR)
    inspection = inspecting.inspect(Content(buffer.getvalue()), "a.zip")
    assert inspection.verdict is Verdict.CLEAN
    assert WarningCode.ENCRYPTED in codes(inspection)
    assert "encrypted: its content could not be scanned" in [warning.text for warning in inspection.warnings]
    assert inspection.dangerous


@pytest.mark.parametrize(
    ("name", "declared", "data", "code"),
    [
        ("report.pdf", None, HTML, WarningCode.TYPE_MISMATCH),
        ("report", "application/pdf", HTML, WarningCode.TYPE_MISMATCH),
        ("photo.png", "image/png", PNG + zipped({"a": b"x"}), WarningCode.POLYGLOT),
        ("photo.png", None, PNG + b"<script>alert(1)</script>", WarningCode.POLYGLOT),
        ("page.html", "text/html", HTML, WarningCode.ACTIVE_CONTENT),
        ("page.html", "text/html", HTML, WarningCode.SUSPICIOUS),
        ("a.pdf.exe", None, b"MZ" + bytes(99), WarningCode.DISGUISED_NAME),
        ("a.zip", None, zipped({"invoice.pdf.js": b"1"}), WarningCode.DISGUISED_NAME),
        ("a.zip", None, zipped({"run.lnk": b"1"}), WarningCode.ACTIVE_CONTENT),
        ("a.zip", None, zipped({"../x": b"1"}), WarningCode.UNSAFE_NAMES),
        ("a.7z", None, b"7z\xbc\xaf\x27\x1c" + bytes(99), WarningCode.NOT_LOOKED_INTO),
        ("a.zip", None, zipped({"a": b"1" * 99})[:-5], WarningCode.TRUNCATED),
    ],
)
def test_what_whoever_opens_it_should_know_is_told(inspecting, name, declared, data, code):
    inspection = inspecting.inspect(Content(data), name, declared)
    assert inspection.verdict is Verdict.CLEAN
    assert code in codes(inspection)


def test_hostile_names_are_shown_harmlessly(inspecting):
    data = zipped({"a\u202e\n\x1b[2Jgpj.exe": b"1", "../\u202e": b"2"})
    for warning in inspecting.inspect(Content(data), "\u202ex.pdf.exe").warnings:
        assert warning.text.isprintable()


def test_a_scanner_that_does_not_answer_leaves_everything_undecided():
    scanner = FakeScanner()
    inspecting = Inspecting(MagikaTypes(), BoundedArchives(), [YaraScanner(), scanner])
    scanner.down = True
    for data in (EICAR, PDF, zipped({"a": b"x"})):
        with pytest.raises(UnavailableError):
            inspecting.inspect(Content(data), "a")
    scanner.down = False
    assert inspecting.inspect(Content(PDF), "a.pdf").verdict is Verdict.CLEAN


def test_one_scanner_of_several_is_enough():
    inspecting = Inspecting(
        MagikaTypes(), BoundedArchives(), [FakeScanner("one", b"bad"), FakeScanner("two", b"worse")]
    )
    inspection = inspecting.inspect(Content(b"this is worse"), "a.txt")
    assert [scan.verdict for scan in inspection.scans] == ["clean", "infected"]
    assert inspection.verdict is Verdict.INFECTED


@pytest.mark.parametrize("unpacking", [False, True])
def test_what_is_inside_is_shown_to_scanners_that_do_not_unpack(unpacking):
    inspecting = Inspecting(MagikaTypes(), BoundedArchives(), [FakeScanner(bad=b"bad", unpacking=unpacking)])
    inspection = inspecting.inspect(Content(zipped({"a": b"bad " * 99})), "a.zip")
    assert (inspection.verdict is Verdict.INFECTED) is not unpacking


def test_a_file_that_ends_too_early_is_not_decided():
    class Cut(Content):
        @property
        def size(self):
            return len(PDF) + 10

    with pytest.raises(UnavailableError):
        Inspecting(MagikaTypes(), BoundedArchives(), []).inspect(Cut(PDF), "a.pdf")


def test_a_large_file_is_read_in_pieces_and_malware_far_inside_is_found(inspecting):
    file = Sparse(200 * MB, at=123 * MB + 17, data=EICAR)
    inspection = inspecting.inspect(file, "memory.dmp")
    assert inspection.verdict is Verdict.INFECTED
    assert file.largest <= CHUNK


def test_the_type_of_a_huge_file_is_told_without_reading_it():
    file = Sparse(5 * 1024 * MB, data=PDF)
    MagikaTypes().detect(file)
    assert file.largest <= 64 * 1024
