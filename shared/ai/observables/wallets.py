"""Addresses of wallets, checked by their own checksums, so that no ordinary word passes for one.

Sources: BIP 13 and Bitcoin's base58check; BIP 173 and BIP 350 (bech32, bech32m); EIP-55 (the case of Ethereum's
letters); Monero's base58 in blocks of 11 letters with four bytes of Keccak-256.
"""

from __future__ import annotations

import hashlib
import re

BITCOIN = re.compile(r"(?<![A-Za-z0-9])[13][1-9A-HJ-NP-Za-km-z]{25,34}(?![A-Za-z0-9])")
SEGWIT = re.compile(r"(?<![A-Za-z0-9])(?:bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71})(?![A-Za-z0-9])")
ETHEREUM = re.compile(r"(?<![A-Za-z0-9])0x[0-9a-fA-F]{40}(?![A-Za-z0-9])")
MONERO = re.compile(r"(?<![A-Za-z0-9])[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?(?![A-Za-z0-9])")
PATTERNS = (BITCOIN, SEGWIT, ETHEREUM, MONERO)

_BASE58 = {letter: value for value, letter in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_BECH32 = {letter: value for value, letter in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_SUM, _BECH32M_SUM = 1, 0x2BC830A3
_BITCOIN_VERSIONS = {0x00, 0x05}  # pay to public key hash, pay to script hash
_MONERO_NETWORKS = {18, 19, 42}  # standard, integrated, subaddress
_MONERO_BLOCK = (11, 8)  # letters, bytes
_MONERO_LAST = (7, 5)


def wallet(text: str) -> str | None:
    """The canonical spelling of a wallet's address; None when its checksum does not hold."""
    if BITCOIN.fullmatch(text):
        return text if _is_bitcoin(text) else None
    if SEGWIT.fullmatch(text):
        return text.lower() if _is_segwit(text.lower()) else None
    if ETHEREUM.fullmatch(text):
        return text.lower() if _is_ethereum(text) else None
    if MONERO.fullmatch(text):
        return text if _is_monero(text) else None
    return None


def _number(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 58 + _BASE58[letter]
    return number


def _is_bitcoin(text: str) -> bool:
    number = _number(text)
    if number >> 200:  # 25 bytes: version, hash, checksum
        return False
    raw = number.to_bytes(25)
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    if len(text) - len(text.lstrip("1")) != zeros or raw[0] not in _BITCOIN_VERSIONS:
        return False
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _is_segwit(text: str) -> bool:
    values = [_BECH32[letter] for letter in text[3:]]
    version, program = values[0], values[1:-6]
    checksum = 1
    for value in [3, 3, 0, 2, 3, *values]:  # "bc", spread as BIP 173 says
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            checksum ^= generator if top >> bit & 1 else 0
    if checksum != (_BECH32M_SUM if version else _BECH32_SUM) or version > 16:  # the last version
        return False
    size, left = divmod(len(program) * 5, 8)
    if left > 4 or (program and program[-1] & ((1 << left) - 1)):  # less than a whole value of padding
        return False
    return 2 <= size <= 40 and (version != 0 or size in {20, 32})  # BIP 141


def _is_ethereum(text: str) -> bool:
    digits = text[2:]
    if digits in {digits.lower(), digits.upper()}:
        return True
    marks = _keccak(digits.lower().encode()).hex()
    return all(
        letter.isdigit() or letter.isupper() is (int(mark, 16) >= 8)  # the top bit
        for letter, mark in zip(digits, marks, strict=False)
    )


def _is_monero(text: str) -> bool:
    letters, size = _MONERO_BLOCK
    raw = b""
    for start in range(0, len(text), letters):
        block = text[start : start + letters]
        number, length = _number(block), size if len(block) == letters else _MONERO_LAST[1]
        if number >> 8 * length:
            return False
        raw += number.to_bytes(length)
    return raw[0] in _MONERO_NETWORKS and _keccak(raw[:-4])[:4] == raw[-4:]


def _keccak(data: bytes) -> bytes:
    # The hash as it was before NIST changed its padding: hashlib's sha3_256 is another one.
    from Cryptodome.Hash import keccak  # noqa: PLC0415  # loaded when an address comes

    return keccak.new(digest_bits=256, data=data).digest()
