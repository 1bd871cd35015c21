from __future__ import annotations

import io
import random

import pytest
import pyzipper

from shared.adapters.scanning.archives import BoundedArchives
from shared.adapters.scanning.clamd_scanner import Clamd, ClamdScanner
from shared.adapters.scanning.magika_types import MagikaTypes
from shared.adapters.scanning.yara_scanner import YaraScanner
from shared.domain.inspection import ScanVerdict, Verdict
from shared.ports.scanning import Content
from shared.services.evidence.inspecting import Inspecting
from tests import clamd
from tests.fakes import FakeScanner
from tests.unit.scanning.samples import EICAR, zipped

MB = 1024 * 1024
LIMIT = 3 * MB


@pytest.fixture(scope="module")
def daemon():
    if clamd.program() is None:
        pytest.skip("clamd is not installed (Debian: clamav-daemon)")
    with clamd.running() as socket_path:
        yield socket_path


@pytest.fixture(params=["fake", "yara", "clamd"])
def scanner(request):
    if request.param == "fake":
        return FakeScanner(bad=EICAR)
    if request.param == "yara":
        return YaraScanner(window=64 * 1024, overlap=1024)
    return ClamdScanner(Clamd(request.getfixturevalue("daemon"), stream_limit=LIMIT))


def scan(scanner, *chunks):
    under_way = scanner.begin(sum(map(len, chunks)))
    try:
        for chunk in chunks:
            under_way.feed(chunk)
        return under_way.finish()
    finally:
        under_way.close()


def test_an_ordinary_file_is_clean(scanner):
    result = scan(scanner, b"Dear all, the meeting is at ten. ", b"Kim")
    assert (result.verdict, result.signatures, result.suspicious) == (ScanVerdict.CLEAN, [], [])
    assert result.scanner == scanner.name
    assert result.version


def test_an_empty_file_is_clean(scanner):
    assert scan(scanner).verdict is ScanVerdict.CLEAN


def test_malware_is_found_and_named(scanner):
    result = scan(scanner, EICAR)
    assert result.verdict is ScanVerdict.INFECTED
    assert len(result.signatures) == 1


def test_malware_is_found_however_it_is_fed(scanner):
    assert scan(scanner, *(bytes([byte]) for byte in EICAR)).verdict is ScanVerdict.INFECTED


@pytest.mark.parametrize("at", [0, 64 * 1024 - 30, LIMIT - 30, 2 * LIMIT - MB - 30, 8 * MB - len(EICAR)])
def test_malware_is_found_anywhere_in_a_large_file(scanner, at):
    data = bytearray(8 * MB)
    data[at : at + len(EICAR)] = EICAR
    pieces = [bytes(data[start : start + 700_001]) for start in range(0, len(data), 700_001)]
    assert scan(scanner, *pieces).verdict is ScanVerdict.INFECTED


def test_a_large_file_without_malware_is_clean(scanner):
    result = scan(scanner, *[bytes(MB)] * 8)
    assert (result.verdict, result.signatures) == (ScanVerdict.CLEAN, [])


def test_scans_under_way_at_once_do_not_mix(scanner):
    bad, good = scanner.begin(None), scanner.begin(None)
    bad.feed(EICAR[:30])
    good.feed(b"nothing ")
    bad.feed(EICAR[30:])
    good.feed(b"of note")
    assert good.finish().verdict is ScanVerdict.CLEAN
    assert bad.finish().verdict is ScanVerdict.INFECTED
    bad.close()
    good.close()


def test_a_scan_given_up_leaves_nothing_behind(scanner):
    under_way = scanner.begin(None)
    under_way.feed(EICAR)
    under_way.close()
    under_way.close()
    assert scan(scanner, b"harmless").verdict is ScanVerdict.CLEAN


def test_an_archive_is_unpacked_by_whoever_says_so(scanner):
    archive = zipped({"inner.zip": zipped({"eicar.com": EICAR})})
    found = scan(scanner, archive).verdict is ScanVerdict.INFECTED
    assert found is scanner.unpacks(len(archive))


def test_clamd_says_when_it_was_given_a_file_in_windows(daemon):
    result = scan(ClamdScanner(Clamd(daemon, stream_limit=LIMIT)), *[bytes(MB)] * 8)
    assert "windows of 3 MB" in result.reason


def test_an_archive_larger_than_what_clamd_takes_is_unpacked_for_it(daemon):
    scanner = ClamdScanner(Clamd(daemon, stream_limit=LIMIT))
    filler = random.Random(3).randbytes(5 * MB)  # noqa: S311  # no secret
    data = zipped({"filler.bin": filler, "inner.zip": zipped({"eicar.com": EICAR + b" " * 50})})
    inspection = Inspecting(MagikaTypes(), BoundedArchives(), [scanner]).inspect(Content(data), "large.zip")
    assert inspection.verdict is Verdict.INFECTED
    assert "inner.zip!eicar.com" in inspection.scans[0].reason


def test_clamd_calls_an_encrypted_archive_suspicious_not_infected(daemon):
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"infected")
        archive.writestr("eicar.com", EICAR)
    result = scan(ClamdScanner(Clamd(daemon)), buffer.getvalue())
    assert result.verdict is ScanVerdict.CLEAN
    assert any("Encrypted" in name for name in result.suspicious)
