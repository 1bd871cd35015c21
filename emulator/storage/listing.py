"""Lists of objects: by prefix, folded at a delimiter, in pages.

Source: "Objects: list" of the Cloud Storage JSON API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from emulator.storage.database import Database, Resource
from emulator.storage.errors import InvalidError
from emulator.storage.globs import Glob

MOST: Final = 1000
_LAST: Final = "\U0010ffff"
_STATES: Final = {"live": "state = 'live'", "versions": "state in ('live', 'noncurrent')", "soft": "state = 'soft'"}


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects: `start` and `end` bound their names (end excluded), `which` is "live", "versions" or "soft"."""

    bucket: str
    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    end: str = ""
    glob: str = ""
    which: str = "live"
    trailing: bool = False  # an object whose name is a prefix, delimiter included, is listed beside it
    most: int = MOST
    token: str = ""


@dataclass(slots=True)
class Page:
    """Objects and folded prefixes, each in the order of their names; `token` leads to the next page."""

    items: list[Resource] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    token: str | None = None


class _Position(NamedTuple):
    """A place in the order of names and generations; `folded`: the prefix that the name folds to was listed before."""

    name: str
    generation: int
    folded: bool = False


def listed(database: Database, query: Query) -> Page:
    """A page of a list.

    Raises:
        InvalidError: the token is none of ours, or a glob goes with a delimiter that is no slash.
    """
    if query.glob and query.delimiter not in {"", "/"}:
        raise InvalidError("When listing with a glob pattern, the only supported delimiter is '/'.")
    position = _from_token(query.token) if query.token else _Position(max(query.prefix, query.start), 0)
    glob = Glob(query.glob) if query.glob else None
    page = Page()
    for entry, after in _entries(database, query, position):
        name = entry if isinstance(entry, str) else entry["name"]
        if glob is None or glob.matches(name):
            if len(page.items) + len(page.prefixes) == query.most:
                page.token = _token(position)
                break
            if isinstance(entry, str):
                page.prefixes.append(entry)
            else:
                page.items.append(entry)
        position = after
    return page


def _entries(database: Database, query: Query, position: _Position) -> Iterator[tuple[Resource | str, _Position]]:
    """Objects and prefixes from a position on, each with the position after it."""
    while (found := _next_run(database, query, position)) is not None:
        for folded, name, generation, text in found:
            if folded is None:
                yield json.loads(text), _Position(name, generation + 1)
                continue
            after = _Position(successor(folded), 0)
            beside = query.trailing and folded == name
            if not (position.folded and position.name == name):
                yield folded, _Position(name, generation, folded=True) if beside else after
            if beside:
                yield json.loads(text), after
            position = after
            break  # what else lies under the prefix is skipped without being read
        else:
            return
        if not position.name:
            return


def _next_run(
    database: Database, query: Query, position: _Position
) -> Iterator[tuple[str | None, str, int, str]] | None:
    end = min(filter(None, (successor(query.prefix), query.end)), default="")
    if end and position.name >= end:
        return None
    # Bounds on the name alone: with them the rows before and after are not read.
    bounds, values = "name >= ? and (name > ? or generation >= ?)", [*(position.name,) * 2, position.generation]
    if end:
        bounds, values = f"{bounds} and name < ?", [*values, end]
    rows = database.connection.execute(
        f"select name, generation, json from objects where bucket = ? and {bounds} and {_STATES[query.which]}"
        " order by name, generation",
        [query.bucket, *values],
    )
    return ((_folded(query, name), name, generation, text) for name, generation, text in rows)


def _folded(query: Query, name: str) -> str | None:
    """The prefix that a name is folded to, up to the first delimiter after the query's prefix."""
    if not query.delimiter:
        return None
    at = name.find(query.delimiter, len(query.prefix))
    return None if at < 0 else name[: at + len(query.delimiter)]


def successor(prefix: str) -> str:
    """The first text after all that begin with the prefix; empty when there is none."""
    text = prefix.rstrip(_LAST)
    if not text:
        return ""
    code = ord(text[-1]) + 1
    return text[:-1] + chr(0xE000 if 0xD800 <= code < 0xE000 else code)


def _token(position: _Position) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _from_token(token: str) -> _Position:
    try:
        name, generation, folded = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
        name.encode()
        return _Position(name, min(int(generation), 2**63 - 1), folded is True)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise InvalidError("Invalid argument: pageToken.") from None
