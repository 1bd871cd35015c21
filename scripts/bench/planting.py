"""Traces in ordinary text: what is planted, in which spelling, and what an extraction then has to find.

Everything is made of a random generator that the caller seeds, so that a run can be had again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from shared.domain.observables import ObservableType

Key: TypeAlias = tuple[ObservableType, str]
Planted: TypeAlias = tuple[str, frozenset[Key]]
"""A trace as it is written, and what it stands for: a URL for itself and its host."""

_REPORTS = Path(__file__).parents[1] / "training" / "data" / "employee_reports.txt"
GERMAN = (
    "Ich habe heute um 12:30 Uhr eine Mail bekommen, die z.B. wie die vom 23.11.2026 aussah.",
    "Die Version 10.2.3.4 ist auf dem Rechner, d.h. die Updates laufen u.a. nachts.",
    "Frau Dr. Müller hat ca. 3.500 Euro überwiesen, inkl. MwSt. und Porto.",
    "Das Programm ist abgestürzt.Es ging danach nicht mehr weiter.In der Abteilung war niemand.",
    "Siehe Abschnitt 1.2.3.4 der Richtlinie; der Kollege aus der 2. Etage weiß Bescheid.",
    "Wir nutzen Node.js und ASP.NET, das Passwort lautete aber anders als sonst üblich.",
    "Am 01.02.2026 zwischen 08:15:30 und 09:00:00 war der Drucker ohne Netz.",
    "Die Rechnung Nr. 4711/2026 kam per Post, nicht per E-Mail.Am Montag rufe ich an.",
)
_ENDS = ("example-shop.com", "evil.net", "phish.co.uk", "malware.ru", "login.de", "xn--mller-kva.de", "paypa1.info")
_WORDS = ("secure", "login", "cdn", "update", "mail", "portal", "static", "files", "a1", "x-y", "service")
_EXTENSIONS = ("exe", "pdf", "docm", "zip", "js", "ps1", "xlsx", "lnk", "iso", "html", "bat", "dll")
_KEYS = (
    r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run",
    r"HKEY_CURRENT_USER\Software\Classes\ms-settings",
    r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon",
)
_ROOTS = {"HKLM": "HKEY_LOCAL_MACHINE"}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DOTS = ("[.]", "(.)", "{.}", "[dot]", "(dot)", " [.] ")
_AROUND = (
    *(("", ""), ("(", ")"), ('"', '"'), ("<", ">"), ("'", "'")),
    *(("", "."), ("", ","), ("", ";"), ("[", "]"), ("„", "“")),
)


def sentences() -> list[str]:
    """Ordinary English and German sentences in which nothing is to be found."""
    lines = [line for line in _REPORTS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    english = [part for line in lines for part in re.split(r"(?<=[.!?])\s+", line) if "RESTORE_FILES" not in part]
    return [*english, *GERMAN]


def planted(rng: random.Random) -> Planted:
    """One random trace in a random spelling."""
    return rng.choice(_MAKERS)(rng)


def text_with(rng: random.Random, ordinary: Sequence[str], traces: Sequence[Planted]) -> str:
    """The traces among ordinary sentences, each within or behind some punctuation."""
    parts: list[str] = []
    for written, _ in traces:
        before, after = rng.choice(_AROUND)
        parts += [rng.choice(ordinary), f"{before}{written}{after}"]
    return rng.choice((" ", "\n")).join([*parts, rng.choice(ordinary)])


def _defanged(rng: random.Random, name: str) -> str:
    return name.replace(".", rng.choice(_DOTS)) if rng.random() < 0.5 else name


def _name(rng: random.Random) -> str:
    return ".".join([*rng.sample(_WORDS, rng.randint(0, 2)), rng.choice(_ENDS)])


def _address(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def _ip(rng: random.Random) -> Planted:
    address = _address(rng)
    written = _defanged(rng, address)
    return written + rng.choice(("", ":8080", "")), frozenset({(ObservableType.IP, address)})


def _ipv6(rng: random.Random) -> Planted:
    address = ipaddress.IPv6Address((0x2001 << 112) + rng.getrandbits(rng.choice((16, 64, 112))))
    written = rng.choice((str(address), address.exploded, str(address).upper()))
    return written, frozenset({(ObservableType.IP, str(address))})


def _domain(rng: random.Random) -> Planted:
    name = _name(rng)
    written = _defanged(rng, rng.choice((name, name.upper(), name)))
    return written, frozenset({(ObservableType.DOMAIN, name)})


def _url(rng: random.Random) -> Planted:
    host, kind = rng.choice(((_name(rng), ObservableType.DOMAIN), (_address(rng), ObservableType.IP)))
    scheme = rng.choice(("http", "https", "ftp"))
    tail = rng.choice(("/", "/login", "/a/b.php?id=7&x=y", "/x#top", "/(a)/b", "/%20q", "/?u=http://other.org/"))
    port = rng.choice(("", "", ":8443"))
    shown = rng.choice((scheme, scheme.replace("tt", "xx").replace("ft", "fx")))
    colon = rng.choice(("://", "[:]//", "[://]", "://"))
    dotted = host.replace(".", rng.choice(("[.]", "(.)", "[dot]", ".")))
    written = f"{shown}{colon}{dotted}{port}{tail}"
    return written, frozenset({(ObservableType.URL, f"{scheme}://{host}{port}{tail}"), (kind, host)})


def _mail(rng: random.Random) -> Planted:
    local, host = rng.choice(("billing", "j.doe", "no-reply", "ceo+urgent", "a_b")), _name(rng)
    at = rng.choice(("@", "@", "[at]", "(at)", " [at] ", "[@]"))
    written = f"{local}{at}{_defanged(rng, host)}"
    return written, frozenset({(ObservableType.MAIL, f"{local}@{host}"), (ObservableType.DOMAIN, host)})


def _hash(rng: random.Random) -> Planted:
    value = hashlib.new(rng.choice(("md5", "sha1", "sha256", "sha512")), rng.randbytes(9)).hexdigest()
    written = rng.choice((value, value.upper(), f"sha:{value}", f"MD5={value}"))
    return written, frozenset({(ObservableType.HASH, value)})


def _file(rng: random.Random) -> Planted:
    name = f"{rng.choice(('invoice', 'Rechnung_2026', 'setup-v2', 'report(1)', 'payload'))}.{rng.choice(_EXTENSIONS)}"
    where = rng.choice(("", "C:\\Users\\joe\\", "/tmp/.x/", "\\\\server\\share\\", "./"))  # noqa: S108  # a text
    return where + name, frozenset({(ObservableType.FILENAME, name)})


def _cve(rng: random.Random) -> Planted:
    number = f"{rng.randint(1999, 2026)}-{rng.randint(1000, 99999)}"
    return rng.choice((f"CVE-{number}", f"cve-{number}", f"CVE {number}")), frozenset(
        {(ObservableType.CVE, f"CVE-{number}")}
    )


def _key(rng: random.Random) -> Planted:
    key = rng.choice(_KEYS)
    root, _, path = key.partition("\\")
    return key, frozenset({(ObservableType.REGISTRY, f"{_ROOTS.get(root, root)}\\{path.lower()}")})


def _wallet(rng: random.Random) -> Planted:
    raw = b"\x05" + rng.randbytes(20)
    raw += hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4]
    number, letters = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _BASE58[digit] + letters
    coin = f"0x{rng.randbytes(20).hex()}"
    written = rng.choice((letters, coin))
    return written, frozenset({(ObservableType.WALLET, written)})


_MAKERS: tuple[Callable[[random.Random], Planted], ...] = (
    *(_ip, _ipv6, _domain, _url, _mail, _hash, _file, _cve, _key, _wallet),
)
