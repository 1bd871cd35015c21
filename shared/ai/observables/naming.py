"""One value that somebody names: what type it is, and its canonical spelling."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import category

from shared.ai.observables import hosts, identifiers, urls, wallets
from shared.ai.observables.extraction import extract
from shared.ai.observables.found import Found
from shared.ai.observables.names import EXTENSIONS, MAX_FILE_NAME
from shared.ai.observables.refanging import refang, visible
from shared.domain.observables import ObservableType

_ANY_WALLET = re.compile(r"[A-Za-z0-9]{20,120}")


def file_name(text: str) -> Found | None:
    """The whole text as a file's name, its path left out; None when nothing is left of it.

    Characters that only turn the name around on the screen (photo<U+202E>gnp.exe) are taken out.
    """
    name = re.split(r"[\\/]", visible(text).strip())[-1].strip()
    usable = name.strip(".") and len(name) <= MAX_FILE_NAME and not any(category(char) in {"Cc", "Cs"} for char in name)
    return Found(ObservableType.FILENAME, name) if usable else None


def canonical(kind: ObservableType, value: str) -> str | None:
    """The canonical spelling of a value that somebody says is of the type; None when it cannot be.

    A person may name what is not looked for in texts: an internal domain, a file without an extension, the wallet of
    another currency.
    """
    if kind is ObservableType.OTHER:
        return value.strip() or None
    if kind is ObservableType.FILENAME:
        found = file_name(value)
        return found.value if found else None
    return _SPELLINGS[kind](refang(value.strip()).text.strip().strip("<>\"'"))


def _domain(text: str) -> str | None:
    name = hosts.ascii_name(text)
    return name if name and not name.rpartition(".")[2].isdigit() else None


def _url(text: str) -> str | None:
    found = next(iter(urls.url(text)), None) if urls.URL.fullmatch(text) else None
    return found.value if found and found.type is ObservableType.URL else None


def _mail(text: str) -> str | None:
    return next((found.value for found in urls.mail(text)), None) if urls.MAIL.fullmatch(text) else None


def _registry(text: str) -> str | None:
    return identifiers.registry_key(text) if identifiers.REGISTRY.match(text) else None


def _wallet(text: str) -> str | None:
    return wallets.wallet(text) or (text if _ANY_WALLET.fullmatch(text) else None)


_SPELLINGS: dict[ObservableType, Callable[[str], str | None]] = {
    ObservableType.IP: hosts.ip,
    ObservableType.DOMAIN: _domain,
    ObservableType.URL: _url,
    ObservableType.MAIL: _mail,
    ObservableType.HASH: identifiers.hash_value,
    ObservableType.CVE: identifiers.cve,
    ObservableType.REGISTRY: _registry,
    ObservableType.WALLET: _wallet,
}


def guessed(value: str) -> Found:
    """What a value is when nobody says: the first trace that it is as a whole, else `other`."""
    for found in extract(value):
        if canonical(found.type, value) == found.value:
            return found
    if value.rpartition(".")[2].lower() in EXTENSIONS and (named := file_name(value)) is not None:
        return named
    return Found(ObservableType.OTHER, value.strip())
