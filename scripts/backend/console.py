"""What the user sees: one table of addresses, the functions' log lines, readable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLE = {"WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red", "DEBUG": "dim"}
_KEPT_BYTES = 50_000_000


class LogView:
    """Shows each line of a function, and keeps it in `functions.jsonl`."""

    def __init__(self, console: Console, folder: Path) -> None:
        self._console = console
        path = folder / "functions.jsonl"
        if path.exists() and path.stat().st_size > _KEPT_BYTES:
            path.replace(folder / "functions.1.jsonl")
        self._file = path.open("a", encoding="utf-8")

    def __call__(self, function: str, line: str) -> None:
        """Show and keep one line."""
        entry = _decoded(line)
        self._file.write(json.dumps({"function": function, **entry}, ensure_ascii=False) + "\n")
        self._file.flush()
        severity = str(entry.get("severity", "DEFAULT"))
        text = Text(f"{str(entry.get('time', ''))[11:19]:8} {function:20} ", style="dim")
        text.append(f"{_readable(entry)}", style=_STYLE.get(severity, ""))
        self._console.print(text, soft_wrap=True)

    def close(self) -> None:
        """Keep no more lines."""
        self._file.close()


def _decoded(line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {"message": line}
    return entry if isinstance(entry, dict) else {"message": line}


def _readable(entry: Mapping[str, object]) -> str:
    message = str(entry.get("message", ""))
    request = entry.get("httpRequest")
    if isinstance(request, dict):
        milliseconds = entry.get("milliseconds")
        return f"{request['requestMethod']} {request['requestUrl']} {request['status']} in {milliseconds} ms"
    detail = entry.get("detail") or entry.get("reason")
    text = f"{message}: {detail}" if detail else message
    return f"{text}\n{entry['exception']}" if "exception" in entry else text


def show_addresses(console: Console, rows: Sequence[tuple[str, str]]) -> None:
    """The one table of addresses."""
    table = Table("service", "address", title="Secura on this machine", title_justify="left")
    for name, address in rows:
        table.add_row(name, address)
    console.print(table)


def show_users(console: Console, rows: Sequence[tuple[str, str, str]]) -> None:
    """The demo users and their passwords."""
    table = Table("demo user", "password", "role", title="Demo users, on this machine only", title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)
