"""The SQL of a walk."""

from __future__ import annotations

from typing import TypeAlias

from emulator.firestore.query.model import Scope
from emulator.firestore.query.plan import Seek, Walk
from emulator.firestore.storage.catalog import Catalog

Parameter: TypeAlias = int | str | bytes
Statement: TypeAlias = tuple[str, list[Parameter]]


def walk_statement(scope: Scope, walk: Walk, catalog: Catalog) -> Statement | None:
    """Rows (collection path, id key, body, create time, update time); None when there can be none.

    The tables are joined in the order that is written here (`cross join`): the walk, then what each step looks up.
    """
    source = _source(scope, walk, catalog)
    if source is None:
        return None
    tables, conditions, parameters = source
    if walk.seek is not None:
        tables += " cross join documents d on d.collection = e.collection and d.key = e.key"
    path = "c.path" if scope.collection is None else "?"
    if scope.collection is None:
        tables += " cross join collections c on c.id = d.collection"
    else:
        parameters.insert(0, scope.collection)
    where = " and ".join(conditions)
    sql = f"select {path}, d.key, d.body, d.create_time, d.update_time from {tables} where {where}"
    return f"{sql} order by {_order(walk)}" if walk.sorts else sql, parameters


def count_statement(scope: Scope, walk: Walk, catalog: Catalog, most: int | None = None) -> Statement | None:
    """One row: how many documents a walk finds, at most `most`; None when there can be none."""
    source = _source(scope, walk, catalog)
    if source is None:
        return None
    tables, conditions, parameters = source
    sql = f"select 1 from {tables} where {' and '.join(conditions)}"
    if most is None:
        return f"select count(*) from ({sql})", parameters
    return f"select count(*) from ({sql} limit ?)", [*parameters, most]


def _source(scope: Scope, walk: Walk, catalog: Catalog) -> tuple[str, list[str], list[Parameter]] | None:
    """The walked table with its conditions, those of what is looked up included."""
    asked = _collections(scope, catalog)
    if asked is None:
        return None
    driver = "d" if walk.seek is None else "e"
    conditions, parameters = [f"{driver}.collection {asked[0]}"], [*asked[1]]
    if walk.seek is not None:
        if walk.seek.index.wide:
            conditions, parameters = [], []
        if not _add_seek(walk.seek, driver, scope, catalog, conditions, parameters):
            return None
    _add_bounds(walk, driver, conditions, parameters)
    for number, seek in enumerate(walk.also):
        lookup = [f"s{number}.collection = {driver}.collection", f"s{number}.key = {driver}.key"]
        values: list[Parameter] = []
        if not _add_seek(seek, f"s{number}", scope, catalog, lookup, values):
            return None
        conditions.append(f"exists (select 1 from entries s{number} where {' and '.join(lookup)})")
        parameters += values
    if walk.seek is None:
        return "documents d", conditions, parameters
    return f"{'wide_entries' if walk.seek.index.wide else 'entries'} e", conditions, parameters


def _add_bounds(walk: Walk, driver: str, conditions: list[str], parameters: list[Parameter]) -> None:
    if walk.excluded:
        conditions.append(f"{driver}.value not in ({', '.join('?' * len(walk.excluded))})")
        parameters += walk.excluded
    if walk.low is not None:
        conditions.append(f"{driver}.key >= ?")
        parameters.append(walk.low)
    if walk.high is not None:
        conditions.append(f"{driver}.key <= ?")
        parameters.append(walk.high)


def _order(walk: Walk) -> str:
    direction = " desc" if walk.backward else ""
    if walk.seek is None:
        return f"d.key{direction}"
    name = "e.name" if walk.seek.index.wide else "e.key"
    return f"e.value{direction}, {name}{direction}"


def _collections(scope: Scope, catalog: Catalog) -> tuple[str, list[Parameter]] | None:
    """The condition on the collection's number. Collections below a document are narrowed afterwards."""
    database = scope.parent.database
    if scope.collection is not None:
        number = catalog.collection(database, scope.collection)
        return None if number is None else ("= ?", [number])
    if scope.collection_id is None:
        return "in (select id from collections where database = ?)", [database]
    return "in (select id from collections where database = ? and name = ?)", [database, scope.collection_id]


def _add_seek(
    seek: Seek, alias: str, scope: Scope, catalog: Catalog, conditions: list[str], parameters: list[Parameter]
) -> bool:
    """Add the interval's conditions; False when no document ever had the field."""
    field = catalog.field(seek.index.kind, seek.index.label(scope.parent.database))
    if field is None:
        return False
    conditions.append(f"{alias}.field = ?")
    parameters.append(field)
    if seek.is_point:
        # With an equality the walk's order goes on with the next column, and a lookup is one search.
        conditions.append(f"{alias}.value = ?")
        parameters.append(seek.low.value)
        return True
    key = "name" if seek.index.wide else "key"
    conditions.append(f"({alias}.value, {alias}.{key}) >= (?, ?)" if seek.low.key else f"{alias}.value >= ?")
    parameters += [seek.low.value, seek.low.key] if seek.low.key else [seek.low.value]
    if seek.high is not None:
        conditions.append(f"({alias}.value, {alias}.{key}) <= (?, ?)" if seek.high.key else f"{alias}.value < ?")
        parameters += [seek.high.value, seek.high.key] if seek.high.key else [seek.high.value]
    return True
