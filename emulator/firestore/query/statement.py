"""The SQL of a walk."""

from __future__ import annotations

from typing import TypeAlias

from emulator.firestore.query.model import Scope
from emulator.firestore.query.plan import Seek, Walk
from emulator.firestore.storage.catalog import Catalog

Parameter: TypeAlias = int | str | bytes
Statement: TypeAlias = tuple[str, list[Parameter]]


def walk_statement(scope: Scope, walk: Walk, catalog: Catalog) -> Statement | None:
    """Rows (index value, collection path, id key, body, create time, update time); None when there can be none.

    The tables are joined in the order that is written here (`cross join`): the walk, then what each step looks up.
    """
    asked = _collections(scope, catalog)
    if asked is None:
        return None
    driver = "d" if walk.index is None else "e"
    conditions, parameters = [f"{driver}.collection {asked[0]}"], [*asked[1]]
    if walk.index is not None and not _add_seek(walk.index, driver, catalog, conditions, parameters):
        return None
    if walk.low is not None:
        conditions.append(f"{driver}.key >= ?")
        parameters.append(walk.low)
    if walk.high is not None:
        conditions.append(f"{driver}.key < ?")
        parameters.append(walk.high)
    for number, seek in enumerate(walk.also):
        lookup = [f"s{number}.collection = {driver}.collection", f"s{number}.key = {driver}.key"]
        values: list[Parameter] = []
        if not _add_seek(seek, f"s{number}", catalog, lookup, values):
            return None
        conditions.append(f"exists (select 1 from entries s{number} where {' and '.join(lookup)})")
        parameters += values
    if scope.collection is not None:
        parameters.insert(0, scope.collection)
    return _compose(scope, walk, conditions), parameters


def _compose(scope: Scope, walk: Walk, conditions: list[str]) -> str:
    where = " and ".join(conditions)
    direction = " desc" if walk.descending else ""
    if walk.index is None:
        tables, value, order = "documents d", "x''", f"d.key{direction}"
    else:
        tables = "entries e cross join documents d on d.collection = e.collection and d.key = e.key"
        value, order = "e.value", f"e.value{direction}, e.key{direction}"
    path = "c.path" if scope.collection is None else "?"
    if scope.collection is None:
        tables += " cross join collections c on c.id = d.collection"
    sql = f"select {value}, {path}, d.key, d.body, d.create_time, d.update_time from {tables} where {where}"
    return f"{sql} order by {order}" if walk.ordered else sql


def count_statement(scope: Scope, seek: Seek, most: int, catalog: Catalog) -> Statement | None:
    """One row: the number of entries in an interval, at most `most`; None when there can be none."""
    asked = _collections(scope, catalog)
    if asked is None:
        return None
    conditions, parameters = [f"e.collection {asked[0]}"], list(asked[1])
    if not _add_seek(seek, "e", catalog, conditions, parameters):
        return None
    where = " and ".join(conditions)
    return f"select count(*) from (select 1 from entries e where {where} limit ?)", [*parameters, most]


def _collections(scope: Scope, catalog: Catalog) -> tuple[str, list[Parameter]] | None:
    """The condition on the collection's number. Collections below a document are narrowed afterwards."""
    database = scope.parent.database
    if scope.collection is not None:
        number = catalog.collection(database, scope.collection)
        return None if number is None else ("= ?", [number])
    if scope.collection_id is None:
        return "in (select id from collections where database = ?)", [database]
    return "in (select id from collections where database = ? and name = ?)", [database, scope.collection_id]


def _add_seek(seek: Seek, alias: str, catalog: Catalog, conditions: list[str], parameters: list[Parameter]) -> bool:
    """Add the interval's conditions; False when no document ever had the field."""
    field = catalog.field(seek.kind, seek.text)
    if field is None:
        return False
    conditions.append(f"{alias}.field = ?")
    parameters.append(field)
    if seek.is_point:
        # With an equality the walk's order goes on with the next column, and a lookup is one search.
        conditions.append(f"{alias}.value = ?")
        parameters.append(seek.low)
        return True
    conditions.append(f"{alias}.value >= ?")
    parameters.append(seek.low)
    if seek.high is not None:
        conditions.append(f"{alias}.value < ?")
        parameters.append(seek.high)
    return True
