"""The command: JSON lines in, JSON lines out, one for one and in order."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TextIO

from scripts.predicting.models import MODELS


class InputError(ValueError):
    """A line cannot be read; the text names it, in one line for the user."""


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 every line is answered, 2 bad input (what came before it is answered)."""
    options = _arguments(argv)
    try:
        answer = MODELS[options.model]()
        for number, line in enumerate(sys.stdin.buffer, 1):
            if line.strip():
                _tell(sys.stdout, answered(line, number, answer))
        sys.stdout.flush()
    except InputError as error:
        sys.stdout.flush()
        print(f"predict: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the answers has enough of them; Python would complain again when it flushes at its end.
        _silence(sys.stdout.buffer)
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="predict",
        description="What a model says of texts: JSON lines with `id`, `text` and, if wanted, `title` on standard "
        "input, one answer for each on standard output.",
    )
    parser.add_argument("model", choices=sorted(MODELS), help="which model is asked")
    return parser.parse_args(argv)


def answered(line: bytes, number: int, answer: Callable[[str, str], dict[str, Any]]) -> dict[str, Any]:
    """The answer to one line.

    Raises:
        InputError: it is no object with `id` and `text`.
    """
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number}: not JSON ({error})") from error
    if not isinstance(asked, dict) or "id" not in asked or not isinstance(asked.get("text"), str):
        raise InputError(f"line {number}: an object with `id` and a text in `text` is needed")
    title = asked.get("title")
    if title is not None and not isinstance(title, str):
        raise InputError(f"line {number}: `title` is not a text")
    return {"id": asked["id"], **answer(asked["text"], title or "")}


def _tell(out: TextIO, answer: dict[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=True), file=out)


def _silence(out: BinaryIO) -> None:
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
