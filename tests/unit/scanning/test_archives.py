from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile

import pytest
import pyzipper
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.scanning.archives import BoundedArchives
from shared.adapters.scanning.limits import MB, ArchiveLimits
from shared.domain.errors import UnavailableError
from shared.ports.scanning import Content
from tests.unit.scanning.samples import PNG, nested_bomb, overlapping_bomb, tarred, zipped

NOISE = random.Random(5).randbytes(300_000)  # noqa: S311  # no secret: does not get smaller


class Seen(dict[str, bytes]):
    """Takes what the visitor is shown: path -> bytes; an entry that was not finished is not kept."""

    def visit(self, path):
        return Kept(self, path)


class Kept:
    def __init__(self, seen, path):
        self._seen, self._path, self._data = seen, path, bytearray()

    def feed(self, chunk):
        self._data += chunk

    def finish(self):
        self._seen[self._path] = bytes(self._data)

    def close(self):
        self._path = "closed"


def look(data: bytes, **limits):
    seen = Seen()
    report = BoundedArchives(ArchiveLimits(**limits)).look_into(Content(data), seen.visit)
    return report, seen


FILES = {"a.txt": b"first", "b/c.bin": NOISE, "empty": b""}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_of_every_common_method(method):
    report, seen = look(zipped(FILES, method))
    assert seen == FILES
    assert (report.kind, report.entries, report.depth) == ("zip", 3, 1)
    assert report.unpacked_size == sum(map(len, FILES.values()))
    assert not any([report.encrypted, report.bomb, report.truncated, report.reasons, report.unsafe_names])


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(("mode", "kind"), [("w", "tar"), ("w:gz", "gzip"), ("w:bz2", "bzip2"), ("w:xz", "xz")])
def test_tar_of_every_kind(form, mode, kind):
    prefix = "" if kind == "tar" else "content!"
    files = {"a.txt": b"first", "d/" * 40 + "long": NOISE}
    report, seen = look(tarred(files, mode, form))
    assert {path: seen[prefix + path] for path in files} == files
    assert report.kind == kind
    assert not report.reasons


def test_names_beyond_ustar():
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        name = "ü" * 150 + ".txt"
        assert look(tarred({name: b"x"}, form=form))[1] == {name: b"x"}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_streams_one_behind_the_other_are_one(pack):
    assert look(pack(b"one ") + pack(NOISE) + pack(b" two"))[1] == {"content": b"one " + NOISE + b" two"}


@given(sizes=st.lists(st.integers(0, 70_000), max_size=6), text=st.booleans())
def test_what_the_standard_library_packs_is_unpacked(sizes, text):
    files = {f"{number}.bin": (b"ab" * size)[:size] if text else NOISE[:size] for number, size in enumerate(sizes)}
    for packed in (zipped(files), tarred(files) if files else zipped(files)):
        assert look(packed)[1] == {path: data for path, data in files.items() if data or packed[:2] == b"PK"}


@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from(["zip", "w", "w:gz", "w:xz", "w:bz2"]))
def test_damage_never_breaks_it(noise, at, kind):
    whole = zipped(FILES) if kind == "zip" else tarred(FILES, kind)
    for data in (whole[:at] + noise + whole[at + len(noise) :], whole[: len(whole) - at], whole[at:], noise):
        report, _ = look(data)
        assert report is None or report.entries <= 10_000


def test_what_is_no_archive_is_none():
    for data in (b"", b"text", NOISE, PNG, b"%PDF-1.7\n" + NOISE, b"PK", bytes(2000)):
        assert look(data)[0] is None


def test_archives_within_archives_are_looked_into():
    inner = zipped({"x/deep.txt": b"found"})
    outer = tarred({"mail/attached.zip": inner, "other.txt": b"y"}, "w:gz")
    report, seen = look(zipped({"backup.tar.gz": outer}))
    assert seen["backup.tar.gz!backup.tar!mail/attached.zip!x/deep.txt"] == b"found"
    assert seen["backup.tar.gz!backup.tar!mail/attached.zip"] == inner
    assert report.depth == 4
    assert report.entries == 5


def test_a_zip_behind_a_picture_is_looked_into():
    report, seen = look(PNG + zipped({"a.js": b"run"}))
    assert (report.kind, seen) == ("zip", {"a.js": b"run"})


def test_two_archives_one_behind_the_other_are_both_looked_into():
    report, seen = look(zipped({"hidden.txt": b"1"}) + zipped({"shown.txt": b"2"}))
    assert seen == {"hidden.txt": b"1", "shown.txt": b"2"}
    assert report.ambiguous == ["a ZIP archive that stands behind another one"]


# -- bombs -----------------------------------------------------------------------------------------------------------


def test_one_file_that_announces_too_much_is_refused_unread():
    report, seen = look(zipped({"zeros": bytes(60 * MB)}))
    assert (report.bomb, report.unpacked_size, seen) == (True, 0, {})
    assert report.reasons == ["unpacks to more than 100 times its size"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_stream_that_unpacks_too_much_is_stopped(pack):
    report, _ = look(pack(bytes(80 * MB)))
    assert report.bomb
    assert report.unpacked_size <= 51 * MB


def test_a_zip_that_lies_about_its_sizes_is_stopped():
    data = bytearray(zipped({"zeros": bytes(80 * MB)}))
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<L", 100)
    report, _ = look(bytes(data))
    assert report.bomb
    assert report.unpacked_size <= 51 * MB


@pytest.mark.parametrize("levels", [1, 3, 6])
def test_a_nested_bomb_is_refused_within_the_limits(levels):
    report, _ = look(nested_bomb(levels))
    assert report.bomb
    assert report.depth <= 5
    assert report.unpacked_size < MB


def test_overlapping_entries_are_refused_unread():
    report, seen = look(overlapping_bomb(500))
    assert (report.bomb, seen) == (True, {})
    assert report.reasons == ["its entries lie over each other"]


def test_streams_within_streams_end():
    data = b"x"
    for _ in range(20):
        data = gzip.compress(data)
    report, _ = look(data)
    assert report.bomb
    assert report.depth == 5


def test_what_unpacks_to_little_is_no_bomb_whatever_its_ratio():
    report, seen = look(zipped({"log.txt": bytes(20 * MB)}))
    assert not report.bomb
    assert len(seen["log.txt"]) == 20 * MB


# -- limits ----------------------------------------------------------------------------------------------------------


def test_what_is_beyond_the_limit_of_bytes_is_not_looked_at():
    report, seen = look(zipped({"1": NOISE, "2": NOISE, "3": NOISE}), unpacked=400_000)
    assert (report.truncated, report.bomb) == (True, False)
    assert "were unpacked" in report.reasons[0]
    assert "3" not in seen
    assert seen["1"] == NOISE


@pytest.mark.parametrize("make", [zipped, tarred])
def test_what_is_beyond_the_limit_of_entries_is_not_looked_at(make):
    report, seen = look(make({str(number): b"x" for number in range(30)}), entries=20)
    assert (report.entries, len(seen), report.truncated, report.bomb) == (20, 20, True, False)
    assert report.reasons == ["only the first 20 entries were looked at"]


def test_a_zip_within_an_archive_has_to_fit_the_temporary_file():
    report, seen = look(tarred({"big.zip": zipped({"a": NOISE}, zipfile.ZIP_STORED), "b": b"x"}), spool=100_000)
    assert report.truncated
    assert "big.zip" in report.reasons[0]
    assert seen["b"] == b"x"
    assert "big.zip!a" not in seen


# -- what cannot be looked at ----------------------------------------------------------------------------------------


def encrypted_by_the_classic_method() -> bytes:
    data = bytearray(zipped({"open.txt": b"readable", "secret.txt": b"unreadable"}))
    data[data.rfind(b"PK\x03\x04") + 6] |= 1  # bit 0 of the flags
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def encrypted_with_aes() -> bytes:
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"infected")
        archive.writestr("secret.txt", b"unreadable")
    return buffer.getvalue()


@pytest.mark.parametrize("make", [encrypted_by_the_classic_method, encrypted_with_aes])
def test_encrypted_entries_are_told(make):
    report, seen = look(make())
    assert report.encrypted
    assert "secret.txt" not in seen


def test_what_is_not_encrypted_beside_it_is_looked_at():
    assert look(encrypted_by_the_classic_method())[1] == {"open.txt": b"readable"}


OTHERS = {
    "7z": b"7z\xbc\xaf\x27\x1c",
    "rar": b"Rar!\x1a\x07\x01\0",
    "cab": b"MSCF\0\0\0\0",
    "iso": bytes(0x8001) + b"CD001",
}


@pytest.mark.parametrize(("kind", "head"), OTHERS.items())
def test_other_formats_are_named(kind, head):
    data = head + NOISE
    assert look(data)[0].opaque == [kind]
    assert look(zipped({"in.dat": data}))[0].opaque == [f"in.dat ({kind})"]


def test_a_method_that_is_not_known_is_named():
    data = zipped({"a": b"x"}).replace(b"PK\x01\x02\x14\x03\x14\0\0\0\x08\0", b"PK\x01\x02\x14\x03\x14\0\0\0\x5d\0")
    assert look(data)[0].opaque == ["a (ZIP method 93)"]


def test_names_that_unpack_to_other_places_are_told():
    names = ["../../etc/cron.d/x", "/etc/passwd", "C:\\Windows\\x.dll", "a/../../b", "..\\x", "aux.txt", "../evil!x"]
    assert look(zipped(dict.fromkeys(names, b"x")))[0].unsafe_names == names
    assert look(tarred(dict.fromkeys(names, b"x")))[0].unsafe_names == names
    assert look(zipped({"a/..b/c..txt": b"x", "auxiliary.txt": b"x"}))[0].unsafe_names == []


def test_links_that_lead_out_of_a_tar_are_told():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in (("in", "a/b"), ("out", "../../etc/shadow")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    assert look(buffer.getvalue())[0].unsafe_names == ["out -> ../../etc/shadow"]


def test_damage_is_told_and_the_rest_looked_at():
    data = bytearray(zipped({"a": bytes(range(256)) * 99, "b": b"whole"}))
    data[60:100] = b"\xff" * 40
    report, seen = look(bytes(data))
    assert report.truncated
    assert report.reasons[0].startswith("a: ")
    assert seen["b"] == b"whole"


def test_a_cut_archive_is_told():
    report, seen = look(gzip.compress(NOISE)[:-1000])
    assert report.truncated
    assert NOISE.startswith(seen["content"])
    assert look(zipped(FILES)[:-30])[0].truncated


# -- faults ----------------------------------------------------------------------------------------------------------


def test_a_scanner_that_does_not_answer_is_not_swallowed():
    closed = []

    class Failing(Kept):
        def feed(self, chunk):
            raise UnavailableError("down")

        def close(self):
            closed.append(True)

    with pytest.raises(UnavailableError):
        BoundedArchives().look_into(Content(zipped({"a.zip": zipped({"b": b"x"})})), lambda path: Failing({}, path))
    assert closed == [True]
