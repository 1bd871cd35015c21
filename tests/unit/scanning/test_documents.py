"""Mails and Office documents: what they hold is taken out of them."""

from __future__ import annotations

import struct
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.scanning.limits import DamagedError
from shared.adapters.scanning.macros import decompressed, sources
from shared.adapters.scanning.mails import is_mail, parts
from tests.unit.scanning.samples import EICAR, zipped
from tests.unit.scanning.test_archives import look

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def mail(**attachments: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "kim@example.test", "alex@example.test", "Invoice"
    message["Message-ID"] = "<1@example.test>"
    message.set_content("See attached.")
    for name, content in attachments.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return message.as_bytes()


def packed_macro(source: bytes) -> bytes:
    """A container of literals only, as [MS-OVBA] allows."""
    body = b"".join(b"\0" + source[at : at + 8] for at in range(0, len(source), 8))
    return b"\1" + struct.pack("<H", 0xB000 | (len(body) + 2 - 3)) + body


def test_attachments_of_a_mail_are_looked_into():
    report, seen = look(mail(letter_zip=zipped({"eicar.com": EICAR})))
    assert report.kind == "mail"
    assert seen["letter.zip!eicar.com"] == EICAR
    assert b"See attached." in b"".join(seen.values())


def test_a_mail_within_a_mail_is_looked_into():
    outer = EmailMessage()
    outer["Subject"], outer["Message-ID"] = "Fwd", "<2@example.test>"
    outer.set_content("forwarded")
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("x")
    inner.add_attachment(b"deep", maintype="application", subtype="octet-stream", filename="deep.bin")
    outer.add_attachment(inner)
    assert b"deep" in look(outer.as_bytes())[1].values()


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Subject only in text",
        b"Note: this is\nnot a mail\n",
        b"GET / HTTP/1.1\r\nContent-Type: x\r\n",
        b"\0" * 99,
    ],
)
def test_other_texts_are_no_mail(head):
    assert not is_mail(head)


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: x\n" + b"a:\n" * 700_000,
        b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * 20_000,
        b'Content-Type: multipart/mixed; boundary="b"\n\n' * 60,
    ],
)
def test_a_mail_made_to_cost_is_not_taken_apart(data):
    with pytest.raises(DamagedError):
        list(parts(data))


@given(st.binary(max_size=500))
def test_any_mail_is_taken_apart_or_refused(noise):
    for data in (b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + noise, b"Subject: x\n" + noise):
        look(b"Message-ID: <1>\n" + data)


def test_the_specification_s_examples():
    # [MS-OVBA] 3.2.1 to 3.2.3.
    none = "0119b000616263646566676800696a6b6c6d6e6f70007172737475762e"
    normal = "012fb000236161616263646582660070616768696a013808616b6c00306d6e6f70067102700410727374757610777879 7a003c"
    most = "0103b002614500"
    assert decompressed(bytes.fromhex(none)) == b"abcdefghijklmnopqrstuv."
    assert decompressed(bytes.fromhex(normal)) == b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"
    assert decompressed(bytes.fromhex(most)) == b"a" * 73


def test_macros_are_shown_as_source():
    source = b'Attribute VB_Name = "ThisDocument"\r\nSub AutoOpen()\r\nEnd Sub\r\n'
    document = OLE + bytes(1000) + packed_macro(source) + bytes(100)
    report, seen = look(document)
    assert seen == {"macro 1.vba": source}
    assert report.kind == "ole"
    inside = zipped({"word/vbaProject.bin": document})
    assert look(inside)[1]["word/vbaProject.bin!macro 1.vba"] == source


def test_a_document_without_macros_is_no_archive():
    assert look(OLE + bytes(5000))[0] is None


def test_a_document_under_a_password_is_encrypted():
    assert look(OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"))[0].encrypted


@given(st.binary(max_size=3000))
def test_damaged_macros_never_break_it(noise):
    start = packed_macro(b'Attribute VB_Name = "x"')
    for data in (start + noise, start[:14] + noise):
        for source in sources(data):
            assert len(source) <= 4 * 1024 * 1024
