"""The command: `scripts/verify_audit FILE --public-key KEY`."""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import sys
from dataclasses import asdict
from pathlib import Path

from scripts.auditing.reading import UnusableExportError, read_export
from shared.adapters.ed25519 import Ed25519Signer, signature_check
from shared.domain.verifying import Verdict, verify

_LOCAL_KEY = "audit_signing_key.txt"


class UsageError(ValueError):
    """The command was called in a way that cannot work; the text is one line for the user."""


def run(arguments: list[str] | None = None) -> int:
    """Exit status: 0 proven, 1 broken, 2 the command could not start."""
    options = _parser().parse_args(arguments)
    try:
        check = signature_check(*_public_keys(options.public_key, options.data))
        export = read_export(options.file)
        verdict = verify(export.lines, check, options.head, whole=export.whole)
    except OSError as error:
        print(f"verify_audit: {error.filename or options.file}: {error.strerror or error}", file=sys.stderr)
        return 2
    except (UsageError, UnusableExportError, ValueError) as error:
        print(f"verify_audit: {error}", file=sys.stderr)
        return 2
    print(json.dumps(asdict(verdict), indent=1) if options.json else _words(verdict))
    return 1 if verdict.finding else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/verify_audit",
        description="Prove, offline, that nothing in an audit trail was changed, removed, reordered or put in.",
        epilog="The public key has to come from somewhere else than the export: note it once from GET /api/audit/head.",
    )
    parser.add_argument("file", type=Path, help="what GET /api/audit?format=jsonl answered; .gz is unpacked")
    parser.add_argument(
        "--public-key",
        action="append",
        default=[],
        metavar="KEY",
        help="base64, or a file that holds it; several where the key was changed (default: the local backend's)",
    )
    parser.add_argument("--head", type=_head, help="a head noted earlier: has to be in the chain")
    parser.add_argument(
        "--data", type=Path, default=Path(".local"), help="data folder of scripts/local (default .local)"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


def _head(text: str) -> str:
    if len(text) != 64 or set(text.lower()) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError("a head has 64 hexadecimal digits")
    return text.lower()


def _public_keys(given: list[str], data: Path) -> list[str]:
    if given:
        return [_public_key(one) for one in given]
    local = data / _LOCAL_KEY
    if not local.is_file():
        raise UsageError(f"give the public key with --public-key (there is no local backend's in {data})")
    return [Ed25519Signer(local.read_text().strip()).public_key.text]


def _public_key(given: str) -> str:
    try:
        if len(base64.b64decode(given, validate=True)) == 32:
            return given
    except (binascii.Error, ValueError):
        pass  # then it is the name of a file
    return Path(given).read_text().strip()


def _words(verdict: Verdict) -> str:
    if verdict.finding is not None:
        found = verdict.finding
        return (
            f"BROKEN: {found.kind} {_printable(found.id)} {found.problem}.\n"
            f"Before it, {verdict.sealed} entries in {verdict.seals} seals are proven."
        )
    if verdict.seals == 0:
        return f"Nothing is sealed yet: {_unsealed(verdict)}"
    begins = (
        ""
        if verdict.first_sequence == 1
        else f" It begins with seal {verdict.first_sequence}: what was before was not asked for."
    )
    return (
        f"PROVEN: {verdict.sealed} entries in {verdict.seals} seals, signed by key {verdict.key_id}.{begins}\n"
        f"Head {verdict.head}, sealed at {verdict.last_sealed_at}. {_unsealed(verdict)}"
    )


def _printable(name: str) -> str:
    # Who changed the file chose the name: it must not steer the terminal.
    return name if name.isascii() and name.isprintable() else ascii(name)


def _unsealed(verdict: Verdict) -> str:
    if not verdict.unsealed:
        return "There is nothing else."
    return f"{verdict.unsealed} entries cannot be proven: not sealed yet, recorded since {verdict.unsealed_since}."
