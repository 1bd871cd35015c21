from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.bench.observables import HOSTILE
from scripts.bench.planting import GERMAN, planted, sentences, text_with
from shared.ai.observables import MAX_FOUND, MAX_TEXT, canonical, defanged, extract
from shared.domain.observables import Observable, ObservableType
from tests.fakes import START

IP, DOMAIN, URL, MAIL, HASH, FILENAME, CVE, REGISTRY, WALLET, _ = ObservableType
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def found(text):
    return [(one.type, one.value) for one in extract(text)]


FOUND = {
    # addresses
    "from 198.51.100.7.": [(IP, "198.51.100.7")],
    "198.51.100[.]7:8080, (198.51.100.8)": [(IP, "198.51.100.7"), (IP, "198.51.100.8")],
    "198.51.100.7-198.51.100.9, nginx-1.2.3.4": [(IP, "198.51.100.7"), (IP, "198.51.100.9")],
    "2001:0DB8:0:0:0:0:0:1 and [fe80::1%eth0]": [(IP, "2001:db8::1"), (IP, "fe80::1")],
    "::ffff:198.51.100.7": [(IP, "198.51.100.7")],
    "version 198.51.100[.]7": [(IP, "198.51.100.7")],
    # domains
    "evil.net": [(DOMAIN, "evil.net")],
    "EVIL[dot]Example-Shop(.)co{.}uk.": [(DOMAIN, "evil.example-shop.co.uk")],
    "bücher.de und xn--bcher-kva.de": [(DOMAIN, "xn--bcher-kva.de")],
    "_dmarc.evil.net": [(DOMAIN, "_dmarc.evil.net")],
    "evil.net/login.php?x=1, evil.net:8080/": [(DOMAIN, "evil.net")],
    "on evil.co.uk.In the end": [(DOMAIN, "evil.co.uk")],
    "in evil.net.The invoice.pdf.It": [(DOMAIN, "evil.net"), (FILENAME, "invoice.pdf")],
    "net.evil.com": [(DOMAIN, "net.evil.com")],
    "evil.net-Seite": [(DOMAIN, "evil.net")],
    "node[.]js.evil[.]zip": [(DOMAIN, "node.js.evil.zip")],
    "evil\u200b.net": [(DOMAIN, "evil.net")],
    "evil。net": [(DOMAIN, "evil.net")],
    # URLs
    "hxxps://Evil[.]net:443": [(URL, "https://evil.net/"), (DOMAIN, "evil.net")],
    "meow://evil.net/a": [(URL, "http://evil.net/a"), (DOMAIN, "evil.net")],
    "http[:]//evil.net/a, http[://]evil.net/b": [
        (URL, "http://evil.net/a"),
        (DOMAIN, "evil.net"),
        (URL, "http://evil.net/b"),
    ],
    "fxp://198.51.100[.]7/x": [(URL, "ftp://198.51.100.7/x"), (IP, "198.51.100.7")],
    "(see http://evil.net/a_(b)).": [(URL, "http://evil.net/a_(b)"), (DOMAIN, "evil.net")],
    '<a href="http://evil.net/?q=1&amp;x#top">': [(URL, "http://evil.net/?q=1&amp;x#top"), (DOMAIN, "evil.net")],
    "http://a.evil.net/,http://b.evil.net/": [
        (URL, "http://a.evil.net/"),
        (DOMAIN, "a.evil.net"),
        (URL, "http://b.evil.net/"),
        (DOMAIN, "b.evil.net"),
    ],
    "http://good.com@evil.net:80/": [(URL, "http://good.com@evil.net/"), (DOMAIN, "evil.net")],
    "http://[2001:db8::1]:8080/": [(URL, "http://[2001:db8::1]:8080/"), (IP, "2001:db8::1")],
    "http://intranet/login http://host.4x/": [(URL, "http://intranet/login"), (URL, "http://host.4x/")],
    "http://3325256711/ http://0xc6.0x33.0144.7/": [(URL, "http://198.51.100.7/"), (IP, "198.51.100.7")],
    "http://evil.net:99999/ http:// http://-/": [(DOMAIN, "evil.net")],
    # mail
    "Joe.Doe+x@Evil.NET": [(MAIL, "joe.doe+x@evil.net"), (DOMAIN, "evil.net")],
    "joe [at] evil [dot] net": [(MAIL, "joe@evil.net"), (DOMAIN, "evil.net")],
    "<mailto:joe@evil.net>": [(MAIL, "joe@evil.net"), (DOMAIN, "evil.net")],
    # hashes
    f"MD5={EMPTY_MD5.upper()}": [(HASH, EMPTY_MD5)],
    f"{EMPTY_MD5}.exe": [(HASH, EMPTY_MD5), (FILENAME, f"{EMPTY_MD5}.exe")],
    f"{'ab12' * 16} {'ab12' * 32}": [(HASH, "ab12" * 16), (HASH, "ab12" * 32)],
    # names of files
    "invoice.pdf": [(FILENAME, "invoice.pdf")],
    r"C:\Windows\Temp\x.dll": [(FILENAME, "x.dll")],
    r'"C:\Users\Joe Doe\my evil file.exe"': [(FILENAME, "my evil file.exe")],
    "/opt/.hidden/run.sh": [(FILENAME, "run.sh")],
    "„Rechnung März.pdf.exe“": [(FILENAME, "Rechnung März.pdf.exe")],
    "report(1).docx; (backup.zip)": [(FILENAME, "report(1).docx"), (FILENAME, "backup.zip")],
    "die invoice.pdf-Datei": [(FILENAME, "invoice.pdf")],
    "photo\u202egnp.exe": [(FILENAME, "photognp.exe")],
    "[link](notes.md)": [(FILENAME, "notes.md")],
    # identifiers
    "cve 2021-44228, CVE\u20112021\u201144228": [(CVE, "CVE-2021-44228")],
    r"HKLM\Software\Microsoft\Windows NT\CurrentVersion\Run and then": [
        (REGISTRY, r"HKEY_LOCAL_MACHINE\software\microsoft\windows nt\currentversion\run")
    ],
    r"HKEY_CURRENT_USER\Software\Foo, HKCU:\Software\Foo": [(REGISTRY, r"HKEY_CURRENT_USER\software\foo")],
    # wallets: the genesis block's, BIP 173's and BIP 350's, EIP-55's, the Monero project's
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": [(WALLET, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")],
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": [(WALLET, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")],
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": [
        (WALLET, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")
    ],
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed": [(WALLET, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")],
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A": [
        (WALLET, "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A")
    ],
}
NOTHING = [
    "e.g. i.e. z.B. u.a. d.h. a.m. p.m. Ph.D. U.S. etc.",
    "v1.2.3.4, version 10.0.1.2, Version: 1.2.3.4, Abschnitt 1.2.3.4, 10.0.19041.1, 1.2.3, 256.1.1.1, 01.02.03.04",
    "12:30:45, 00:1a:2b:3c:4d:5e, A::B, std::string, ::, 50:06:01:60:3b:20:1a:2c",
    "Node.js, ASP.NET and Vue.js",
    "It was done.In the end we left.The rest.It was late.So we went.",
    "Dr.med.Hans Wurst, dipl.Ing.Meier, evtl.Am Montag",
    "com.example.app and java.util.List, this.name",
    "a .exe file, *.pdf, 3.500 Euro, 19.99, 01.02.2026, file://x",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD, 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "123e4567-e89b-12d3-a456-426614174000 and " + "0" * 32 + " and " + "f" * 33,
    "CVE-1990-1234, CVE-2021-123, @somebody, a@b, name@host",
    "somehost.local, server.internal, foo.bar1",
]


@pytest.mark.parametrize("text", FOUND, ids=lambda text: ascii(text)[:40])
def test_what_is_written_is_found_in_its_canonical_spelling(text):
    assert found(text) == FOUND[text]


@pytest.mark.parametrize("text", [*NOTHING, *GERMAN], ids=lambda text: ascii(text)[:40])
def test_ordinary_words_are_nothing(text):
    assert found(text) == []


def test_nothing_is_found_in_ordinary_reports():
    assert found("\n".join(sentences())) == []


@pytest.mark.parametrize("seed", range(60))
def test_everything_that_is_planted_is_found_and_nothing_else(seed):
    rng = random.Random(seed)  # noqa: S311  # a test's generator
    traces = [planted(rng) for _ in range(12)]
    text = text_with(rng, sentences(), traces)
    assert set(found(text)) == {key for _, keys in traces for key in keys}, text


@given(st.integers())
@settings(max_examples=150)
def test_a_defanged_value_is_the_value(seed):
    rng = random.Random(seed)  # noqa: S311  # a test's generator
    for kind, value in planted(rng)[1]:
        shown = defanged(kind, value)
        assert (kind, value) in found(f"see {shown} there")
        assert canonical(kind, shown) == value
        if kind in {IP, DOMAIN, URL, MAIL}:
            assert "://" not in shown
            assert "." not in shown.partition("//")[2].partition("/")[0].replace("[.]", "")


_PIECES = [
    *(
        "http://",
        "hxxps[:]//",
        "@",
        ".",
        "[.]",
        "(dot)",
        ":",
        "::",
        "/",
        "\\",
        "HKLM\\",
        "CVE-",
        "2021",
        "-1234",
        "evil",
    ),
    *("net", ".com", ".zip", "0x", "a1", "ff", "(", ")", "[", "]", "'", '"', "%", "1.2.3.4", "fe80::", "bc1q", "www."),
    *("xn--", "ü", "\u202e", "\u200b", "\uff0e", "_", "-", "+", "\n", "\t", " "),
]
_TRICKY = st.lists(st.sampled_from(_PIECES) | st.text(max_size=4), max_size=30).map("".join)


@given(_TRICKY)
@settings(max_examples=400)
def test_whatever_is_found_can_be_kept_and_is_canonical(text):
    for one in extract(text):
        if any(0xD800 <= ord(char) <= 0xDFFF or char < " " or "\x7f" <= char <= "\x9f" for char in text):
            continue  # such texts never come so far
        assert Observable(type=one.type, value=one.value, first_seen_at=START).value == one.value
        assert canonical(one.type, one.value) == one.value


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_give_bounded_results(unit):
    length = 20_000
    assert len(extract((unit * length)[:length])) <= MAX_FOUND


def test_there_is_an_end_to_how_much_is_looked_at_and_found():
    assert len(extract(" ".join(f"h{number}.evil.net" for number in range(MAX_FOUND + 100)))) == MAX_FOUND
    assert extract(" " * MAX_TEXT + "evil.net") == []
    long_tail = "x" * 3_000
    assert found(f"http://evil.net/{long_tail}") == [(DOMAIN, "evil.net")]
    assert found("HKLM\\" + "\\".join(["k" * 250] * 12)) == []
