"""Merging one incident into another, and undoing it, as functions of what is there.

The source keeps everything it has and is closed as a duplicate. The target gets what fits of the source's tags, assets,
observables and techniques, the stricter of both TLP and PAP, and the earlier time of detection. Each merge keeps what
it offered and what it added. Undoing takes away what this merge added, unless another merge offered it too: then it is
that one's from then on. So merges can be undone in any order, and when all are, the target is what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from shared.domain.errors import ConflictError
from shared.domain.incident import Incident, LinkKind
from shared.domain.links import link_between, next_version, with_link, without_link
from shared.domain.merges import Bounds, Contribution, Former, Merge
from shared.domain.observables import MAX_OBSERVABLES, Observable, ObservableSource
from shared.domain.taxonomy import Outcome, Pap, Status, Tlp

MAX_MERGED = 100
"""Incidents that can be merged into one."""
_LIMITS = {"tags": 50, "affected_assets": 100, "techniques": 100, "observables": MAX_OBSERVABLES}
_PICKS: dict[str, Callable[[Iterable[Any]], Any]] = {
    "tlp": lambda values: max(values, key=list(Tlp).index),
    "pap": lambda values: max(values, key=list(Pap).index),
    "detected_at": min,
}


def check_mergeable(source: Incident, target: Incident) -> None:
    """Pass two incidents of which the first can be merged into the second.

    Raises:
        ConflictError: the text says why not.
    """
    if source.id == target.id:
        raise ConflictError("An incident cannot be merged into itself")
    if source.merged_into is not None:
        raise ConflictError(f"{source.reference} was merged into another incident: undo that first")
    if target.merged_into is not None:
        raise ConflictError(f"{target.reference} was merged into another incident: merge into that one")
    if target.status is Status.CLOSED:
        raise ConflictError(f"{target.reference} is closed: reopen it first, or merge it into {source.reference}")
    if len(target.merged_ids) >= MAX_MERGED:
        raise ConflictError(f"{MAX_MERGED} incidents were merged into {target.reference}: no more fit")


def merged(
    source: Incident, target: Incident, others: Sequence[Merge], now: datetime, by: str
) -> tuple[Incident, Incident, Merge]:
    """Source, target and the merge. `others` are the merges into the target that hold."""
    offered = _offer(source)
    added, left_out = _added(target, offered)
    linked = link_between(source, target.id) is None
    bounds = _bounds(source)
    told = f"The same as {target.reference}, where the work goes on."
    after_target = next_version(
        target,
        now,
        **{name: [*getattr(target, name), *getattr(added, name)] for name in _LIMITS},
        **{name: pick([getattr(target, name), getattr(bounds, name)]) for name, pick in _PICKS.items()},
        merged_ids=[*target.merged_ids, source.id],
        links=with_link(target, LinkKind.DUPLICATE, source.id) if linked else target.links,
    )
    merge = Merge(
        id=source.id,
        target_id=target.id,
        at=now,
        by=by,
        offered=offered,
        offered_bounds=bounds,
        added=added,
        own=_own(target, others),
        linked=linked,
        former=Former(**{name: getattr(source, name) for name in Former.model_fields}),
        told=told,
        target_version=after_target.version,
        left_out=left_out,
    )
    after_source = next_version(
        source,
        now,
        status=Status.CLOSED,
        outcome=Outcome.DUPLICATE,
        summary=source.summary or told,
        triaged_at=source.triaged_at or now,
        closed_at=source.closed_at or now,
        merged_into=target.id,
        links=with_link(source, LinkKind.DUPLICATE, target.id) if linked else source.links,
    )
    return after_source, after_target, merge


def undone(
    merge: Merge, source: Incident, target: Incident, others: Sequence[Merge], confirmed: Contribution, now: datetime
) -> tuple[Incident, Incident, list[Merge]]:
    """Source, target, and the merges that are kept anew: this one, ended, and those that inherit from it.

    `others` are the other merges into the target that hold; `confirmed` is what people have said themselves since.
    """
    heirs = {other.id: other for other in others}
    kept: dict[str, list[Any]] = {}
    for name in _LIMITS:
        goes = []
        for value in getattr(merge.added, name):
            if value not in getattr(target, name):
                continue  # somebody took it away, or made it theirs
            if value in getattr(confirmed, name):
                continue  # nobody's merge takes it away any more
            heir = next((one for one in heirs.values() if _offers(one, name, value)), None)
            if heir is not None:
                heirs[heir.id] = _inheriting(heir, name, value)
            else:
                goes.append(value)
        kept[name] = [value for value in getattr(target, name) if value not in goes]
    after_target = next_version(
        target,
        now,
        **kept,
        **_lowered(target, merge, others),
        merged_ids=[one for one in target.merged_ids if one != source.id],
        links=without_link(target, source.id) if merge.linked else target.links,
    )
    ended = merge.model_copy(update={"undone_at": now})
    changed = [heir for heir in heirs.values() if heir not in others]
    return _restored(merge, source, now), after_target, [ended, *changed]


def _restored(merge: Merge, source: Incident, now: datetime) -> Incident:
    former = merge.former
    return next_version(
        source,
        now,
        status=former.status,
        triaged_at=former.triaged_at,
        closed_at=former.closed_at,
        outcome=former.outcome,  # nobody judges an incident anew while it is merged
        summary=former.summary if source.summary == merge.told else source.summary,
        merged_into=None,
        links=without_link(source, merge.target_id) if merge.linked else source.links,
    )


def _offer(source: Incident) -> Contribution:
    traces = [one.model_copy(update={"source": ObservableSource.MERGE}) for one in source.observables]
    return Contribution(
        tags=source.tags, affected_assets=source.affected_assets, techniques=source.techniques, observables=traces
    )


def _added(target: Incident, offered: Contribution) -> tuple[Contribution, dict[str, int]]:
    """What of the offer is new to the target and fits, and how many of which did not fit."""
    added: dict[str, list[Any]] = {}
    left_out: dict[str, int] = {}
    for name, limit in _LIMITS.items():
        there = getattr(target, name)
        known = {_key(value) for value in there}
        fresh = list({_key(value): value for value in getattr(offered, name) if _key(value) not in known}.values())
        room = max(0, limit - len(there))
        added[name] = fresh[:room]
        if fresh[room:]:
            left_out[name] = len(fresh) - room
    return Contribution(**added), left_out


def _key(value: Any) -> Any:
    return value.key if isinstance(value, Observable) else value


def _offers(merge: Merge, name: str, value: Any) -> bool:
    return any(_key(one) == _key(value) for one in getattr(merge.offered, name))


def _inheriting(merge: Merge, name: str, value: Any) -> Merge:
    added = merge.added.model_copy(update={name: [*getattr(merge.added, name), value]})
    return merge.model_copy(update={"added": added})


def _bounds(incident: Incident) -> Bounds:
    return Bounds(tlp=incident.tlp, pap=incident.pap, detected_at=incident.detected_at)


def _is_theirs(target: Incident, own: Bounds, merges: Sequence[Merge], name: str) -> bool:
    """Whether the target's value is what these merges made of its own one, so that nobody has set another since."""
    offers = [getattr(one.offered_bounds, name) for one in merges]
    return bool(getattr(target, name) == _PICKS[name]([getattr(own, name), *offers]))


def _own(target: Incident, merges: Sequence[Merge]) -> Bounds:
    latest = max(merges, key=lambda one: one.target_version, default=None)
    if latest is None:
        return _bounds(target)
    own = {name: getattr(latest.own, name) for name in _PICKS if _is_theirs(target, latest.own, merges, name)}
    return _bounds(target).model_copy(update=own)


def _lowered(target: Incident, merge: Merge, others: Sequence[Merge]) -> dict[str, Any]:
    """The bounds that the target has without the merge; one that somebody has set since stays."""
    return {
        name: pick([getattr(merge.own, name), *(getattr(one.offered_bounds, name) for one in others)])
        for name, pick in _PICKS.items()
        if _is_theirs(target, merge.own, [merge, *others], name)
    }
