"""Merging one incident into another without loss, and undoing it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.links import check_audience
from shared.domain.merges import Contribution, Merge, Merged, MergeRequest
from shared.domain.merging import check_mergeable, merged, undone
from shared.domain.observables import ObservableSource
from shared.domain.people import Identity
from shared.domain.taxonomy import FOR_NAMED_PEOPLE
from shared.domain.timeline import TimelineKind
from shared.domain.visibility import user_may_see
from shared.ports.clock import Clock
from shared.ports.lifecycle import merges_of
from shared.ports.store import INCIDENTS, USERS, Store, Work, messages_of, timeline_of
from shared.services.incidents.observing import Observe
from shared.services.incidents.others import MISSING, words, workable, workable_named
from shared.services.incidents.recording import IncidentRecord

_COLLECTED = ("tags", "affected_assets", "techniques")
_MOST_ENTRIES = 2_000
_NAMES = {"tags": "tags", "affected_assets": "assets", "techniques": "techniques", "observables": "observables"}


@dataclass(frozen=True, slots=True)
class Told:
    """In which way it is done, and what is said about it."""

    kind: TimelineKind
    reason: str | None = None


class IncidentMerging:
    """Merges and undoes merges; each is one transaction over both incidents."""

    def __init__(self, store: Store, record: IncidentRecord, observe: Observe, clock: Clock) -> None:
        self._store = store
        self._record = record
        self._observe = observe
        self._clock = clock

    def merge(self, who: Identity, incident_id: str, request: MergeRequest) -> Merged:
        """Both incidents, merged; what was merged so already stays as it is.

        Raises:
            NotFoundError: the caller does not work on both.
            ConflictError: they cannot be merged; the text says why.
        """

        def body(work: Work) -> Merged:
            source = workable(work, who, incident_id)
            target = workable_named(work, who, request.into)
            if source.merged_into == target.id:
                return Merged(source=source, target=target, left_out=_kept_merge(work, source).left_out)
            return self.merge_within(work, who, source, target, Told(TimelineKind.MERGED, request.reason))

        return self._store.run(body)

    def merge_within(self, work: Work, who: Identity, source: Incident, target: Incident, told: Told) -> Merged:
        """Merge within a transaction; who may do it is the caller's to check.

        Raises:
            ConflictError: they cannot be merged; the text says why.
        """
        check_mergeable(source, target)
        check_audience(source, target)
        _check_reporter_of(work, source, target)
        others = _merges_into(work, target, besides=source.id)
        after_source, after_target, merge = merged(source, target, others, self._clock.now(), who.uid)
        joined = told.kind is TimelineKind.JOINED
        work.put(merges_of(source.id), merge.model_copy(update={"joined": joined, "reason": told.reason}))
        whither = f"Merged into {target.reference}."
        whence = " ".join([f"{source.reference} was merged into this one.", *_unfitting(merge)])
        self._keep(work, who, (source, after_source), target.id, told, whither)
        self._keep(work, who, (target, after_target), source.id, told, whence)
        return Merged(source=after_source, target=after_target, left_out=merge.left_out)

    def undo(self, who: Identity, incident_id: str) -> Merged:
        """Both incidents as they are without the merge; one that was undone already stays so.

        Raises:
            NotFoundError: the caller does not work on both.
            ConflictError: it was never merged.
        """

        def body(work: Work) -> Merged:
            source = workable(work, who, incident_id)
            merge = work.get(merges_of(source.id), source.id)
            if merge is None:
                raise ConflictError(f"{source.reference} was not merged into another incident")
            target = workable(work, who, merge.target_id)
            if merge.undone_at is not None:
                return Merged(source=source, target=target)
            others = _merges_into(work, target, besides=source.id)
            confirmed = _confirmed(work, merge)
            after_source, after_target, changed = undone(merge, source, target, others, confirmed, self._clock.now())
            after_target = self._found_again(work, merge, target, after_target)
            for one in changed:
                work.put(merges_of(one.id), one)
            told = Told(TimelineKind.UNMERGED)
            self._keep(work, who, (source, after_source), target.id, told, f"No longer merged into {target.reference}.")
            self._keep(
                work, who, (target, after_target), source.id, told, f"{source.reference} is no longer merged into this."
            )
            return Merged(source=after_source, target=after_target)

        return self._store.run(body)

    def _found_again(self, work: Work, merge: Merge, before: Incident, after: Incident) -> Incident:
        """The target with those observables that its own words have held since the merge, and so stay."""
        gone = {one.key for one in before.observables} - {one.key for one in after.observables}
        if not gone:
            return after
        said = [(words(after), ObservableSource.REPORT, merge.at)]
        for message in work.find(messages_of(after.id), _MOST_ENTRIES):
            written = message.edited_at or message.created_at
            # What the team notes for itself gives no observables: the reporter reads those.
            if message.body and not message.internal and written >= merge.at:
                said.append((message.body, ObservableSource.MESSAGE, written))
        seen = after
        for text, source, at in said:
            seen = self._observe(seen, text, source, at)
        there = {one.key for one in after.observables}
        back = [one for one in seen.observables if one.key in gone and one.key not in there]
        return after.model_copy(update={"observables": [*after.observables, *back]}) if back else after

    def _keep(
        self, work: Work, who: Identity, change: tuple[Incident, Incident], about: str, told: Told, fact: str
    ) -> None:
        before, after = change
        work.put(INCIDENTS, after)
        note = f"{fact}\n{told.reason}" if told.reason else fact
        # Whoever reported the target is not told of the report that was merged into it.
        target_side = before.merged_ids != after.merged_ids
        for kind, document in self._record.changed(
            who, before, after, told.kind, note=note, about=about, internal=target_side
        ):
            work.create(kind, document)


def _check_reporter_of(work: Work, source: Incident, target: Incident) -> None:
    """Pass a source whose tags, assets and observables the reporter of the target may read.

    The rest of those who see the target see the source too (`check_audience`). Up to TLP:AMBER the source may be shared
    with those in the organization who need to know, as somebody does who reported the same; beyond that with named
    people only (FIRST, TLP 2.0).

    Raises:
        ConflictError: it would be shared with more.
    """
    if source.tlp not in FOR_NAMED_PEOPLE or source.reporter_id == target.reporter_id:
        return
    reporter = work.get(USERS, target.reporter_id)
    if reporter is not None and not reporter.disabled and not user_may_see(reporter, source):
        raise ConflictError(
            f"{source.reference} is TLP:{source.tlp}, and whoever reported {target.reference} would see its tags, "
            "assets and observables: merge the other way round, or lower its TLP first"
        )


def _kept_merge(work: Work, source: Incident) -> Merge:
    merge = work.get(merges_of(source.id), source.id)
    if merge is None:
        raise NotFoundError(MISSING)
    return merge


def _merges_into(work: Work, target: Incident, besides: str) -> list[Merge]:
    """The merges into the incident that hold, without that of `besides`."""
    found = [work.get(merges_of(one), one) for one in target.merged_ids if one != besides]
    return [one for one in found if one is not None and one.undone_at is None and one.target_id == target.id]


def _unfitting(merge: Merge) -> list[str]:
    if not merge.left_out:
        return []
    counts = ", ".join(f"{count} {_NAMES[name]}" for name, count in merge.left_out.items())
    return [f"Did not fit and stayed there: {counts}."]


def _confirmed(work: Work, merge: Merge) -> Contribution:
    """What people put into the target themselves since the merge, after somebody had taken it away."""
    # What people change is never internal; which kind it is of is seen when it is there.
    entries = work.find(timeline_of(merge.target_id), _MOST_ENTRIES, internal=False)
    said: dict[str, list[str]] = {name: [] for name in _COLLECTED}
    for entry in entries:
        if entry.kind is not TimelineKind.CHANGED or (entry.version or 0) <= merge.target_version:
            continue
        for change in entry.changes:
            if change.field in said:
                said[change.field] += [value for value in change.new or [] if value not in (change.old or [])]
    return Contribution(**said)
