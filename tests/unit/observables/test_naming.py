from __future__ import annotations

import pytest

from shared.ai.observables import canonical, file_name, guessed
from shared.domain.observables import ObservableType

T = ObservableType


@pytest.mark.parametrize(
    ("value", "kind", "spelling"),
    [
        ("hxxps://evil[.]net/a", T.URL, "https://evil.net/a"),
        ("evil[.]net", T.DOMAIN, "evil.net"),
        (" 198.51.100[.]7 ", T.IP, "198.51.100.7"),
        ("joe[at]evil.net", T.MAIL, "joe@evil.net"),
        ("D41D8CD98F00B204E9800998ECF8427E", T.HASH, "d41d8cd98f00b204e9800998ecf8427e"),
        ("invoice.pdf", T.FILENAME, "invoice.pdf"),
        ("my invoice of march.pdf", T.FILENAME, "my invoice of march.pdf"),
        ("cve-2021-44228", T.CVE, "CVE-2021-44228"),
        (r"HKCU\Software\X", T.REGISTRY, r"HKEY_CURRENT_USER\software\x"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", T.WALLET, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("Global\\mutex-7", T.OTHER, "Global\\mutex-7"),
        ("user agent evil.net/1.0", T.OTHER, "user agent evil.net/1.0"),
    ],
)
def test_the_type_is_guessed(value, kind, spelling):
    assert guessed(value) == (kind, spelling)


@pytest.mark.parametrize(
    ("kind", "value", "spelling"),
    [
        (T.DOMAIN, "DC01.corp.local", "dc01.corp.local"),
        (T.DOMAIN, "1.2.3.4", None),
        (T.DOMAIN, "two words", None),
        (T.IP, "evil.net", None),
        (T.IP, "[2001:DB8::1]", "2001:db8::1"),
        (T.URL, "evil.net/a", None),
        (T.URL, "http://evil.net/a b", None),
        (T.MAIL, "joe", None),
        (T.HASH, "abc", None),
        (T.CVE, "44228", None),
        (T.REGISTRY, r"C:\x", None),
        (T.WALLET, "LdP8Qox1VAhCzLJNqrr74YovaWYyNBUWvL", "LdP8Qox1VAhCzLJNqrr74YovaWYyNBUWvL"),
        (T.WALLET, "a wallet", None),
        (T.FILENAME, "/etc/passwd", "passwd"),
        (T.FILENAME, "..", None),
        (T.OTHER, "  mutex ", "mutex"),
    ],
)
def test_a_value_is_brought_into_the_spelling_of_its_type(kind, value, spelling):
    assert canonical(kind, value) == spelling


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Rechnung März 2026.pdf", "Rechnung März 2026.pdf"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("..\\..\\evil.dll", "evil.dll"),
        ("/", None),
        ("a" * 256, None),
        ("nul\x00.txt", None),
    ],
)
def test_a_files_whole_name_is_taken(text, name):
    assert (file_name(text) or (None, None))[1] == name
