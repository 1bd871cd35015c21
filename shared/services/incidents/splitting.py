"""Making two incidents of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shared.domain.errors import ConflictError, IdempotencyMismatchError, InvalidInputError
from shared.domain.incident import Incident, Link, LinkKind
from shared.domain.links import next_version, with_link
from shared.domain.observables import ObservableSource
from shared.domain.people import Identity
from shared.domain.splits import SplitRequest
from shared.domain.taxonomy import Status
from shared.domain.timeline import TimelineKind
from shared.ports.clock import Clock, Ids
from shared.ports.lifecycle import RECEIPTS, KeptReceipt
from shared.ports.store import INCIDENTS, Store, Work, timeline_of
from shared.services.incidents.observing import Observe
from shared.services.incidents.others import words, workable
from shared.services.incidents.recording import IncidentRecord
from shared.services.incidents.reporting import RECEIPT_LIFETIME, Reported, reference_of


@dataclass(frozen=True, slots=True)
class Tools:
    """What a split is made with beside the store."""

    record: IncidentRecord
    observe: Observe
    clock: Clock
    ids: Ids


class IncidentSplitting:
    """Splits an incident, once per Idempotency-Key."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools

    def split(self, who: Identity, incident_id: str, request: SplitRequest, key: str | None = None) -> Reported:
        """The new incident: what was chosen of the old one moved over to it.

        Raises:
            NotFoundError: the caller does not work on the incident.
            InvalidInputError: something that was chosen is not there.
            ConflictError: the incident is closed, or has as many links as it can have.
            IdempotencyMismatchError: the key came before with other content.
        """
        fresh = self._tools.ids.new()

        def body(work: Work) -> Reported:
            source = workable(work, who, incident_id)
            receipt = self._receipt(who, source, request, key) if key is not None else None
            if receipt is not None:
                earlier = _carried_out(work, receipt)
                if earlier is not None:
                    return Reported(earlier, replayed=True)
            if source.status is Status.CLOSED:
                raise ConflictError(f"{source.reference} is closed: reopen it, or undo its merge, first")
            new = self._made(source, receipt.result_id if receipt else fresh, request)
            remaining = _remaining(source, request)
            after = next_version(source, new.created_at, **remaining, links=with_link(source, LinkKind.RELATED, new.id))
            self._keep(work, who, (source, after), new, request.reason)
            if receipt is not None:
                work.put(RECEIPTS, receipt)
            return Reported(new, replayed=False)

        return self._store.run(body)

    def _receipt(self, who: Identity, source: Incident, request: SplitRequest, key: str) -> KeptReceipt:
        scope = hashlib.sha256(f"split\0{source.id}\0{who.uid}\0{key}".encode()).hexdigest()
        return KeptReceipt(
            id=scope,
            request_hash=hashlib.sha256(request.model_dump_json().encode()).hexdigest(),
            result_id=scope[:20],
            expires_at=self._tools.clock.now() + RECEIPT_LIFETIME,
        )

    def _made(self, source: Incident, incident_id: str, request: SplitRequest) -> Incident:
        now = self._tools.clock.now()
        chosen = {(one.type, one.value) for one in request.observables}
        new = Incident(
            id=incident_id,
            reference=reference_of(incident_id),
            title=request.title,
            description=request.description,
            tags=request.tags,
            affected_assets=request.affected_assets,
            observables=[one for one in source.observables if one.key in chosen],
            tlp=source.tlp,
            pap=source.pap,
            priority=source.priority,
            reporter_id=source.reporter_id,
            confidential=source.confidential,
            access_ids=source.access_ids,
            links=[Link(kind=LinkKind.RELATED, incident_id=source.id)],
            detected_at=source.detected_at,
            reported_at=now,
            created_at=now,
            updated_at=now,
        )
        return self._tools.observe(new, words(new), ObservableSource.REPORT, now)

    def _keep(self, work: Work, who: Identity, change: tuple[Incident, Incident], new: Incident, reason: str) -> None:
        before, after = change
        record = self._tools.record
        work.create(INCIDENTS, new)
        work.put(INCIDENTS, after)
        told = f"Split off as {new.reference}.\n{reason}"
        origin = f"Split off from {before.reference}.\n{reason}"
        documents = [
            *record.changed(who, before, after, TimelineKind.SPLIT, note=told, about=new.id),
            *record.reported(who, new),
            (timeline_of(new.id), record.entry(who, new.id, TimelineKind.SPLIT, note=origin, about=before.id)),
        ]
        for kind, document in documents:
            work.create(kind, document)


def _carried_out(work: Work, receipt: KeptReceipt) -> Incident | None:
    """The incident that the same request made before.

    Raises:
        IdempotencyMismatchError: the key came before with other content.
    """
    kept = work.get(RECEIPTS, receipt.id)
    if kept is not None and kept.request_hash != receipt.request_hash:
        raise IdempotencyMismatchError("This Idempotency-Key was used for another split; take a new key")
    # A receipt ends after a day; the id is made of the key, so the incident there is the one.
    return work.get(INCIDENTS, receipt.result_id)


def _remaining(source: Incident, request: SplitRequest) -> dict[str, object]:
    """What stays with the incident.

    Raises:
        InvalidInputError: something that was chosen is not there.
    """
    traces = {one.key for one in source.observables}
    chosen = {(one.type, one.value) for one in request.observables}
    missing = {
        "tags": set(request.tags) - set(source.tags),
        "affected_assets": set(request.affected_assets) - set(source.affected_assets),
        "observables": chosen - traces,
    }
    wrong = {name: "names some that the incident does not have" for name, absent in missing.items() if absent}
    if wrong:
        raise InvalidInputError("Only what the incident has can be moved", wrong)
    return {
        "tags": [one for one in source.tags if one not in request.tags],
        "affected_assets": [one for one in source.affected_assets if one not in request.affected_assets],
        "observables": [one for one in source.observables if one.key not in chosen],
    }
