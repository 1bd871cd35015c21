"""Somebody reports an incident."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.errors import ConflictError, ForbiddenError, IdempotencyMismatchError, NotFoundError
from shared.domain.incident import Incident, IncidentReport, Provenance, Source
from shared.domain.observables import ObservableSource
from shared.domain.people import Identity
from shared.domain.permissions import Permission
from shared.ports.clock import Clock, Ids
from shared.ports.repositories import Incidents, Receipt
from shared.services.incidents.accepting import Accept
from shared.services.incidents.detection import check_detected
from shared.services.incidents.linking import shown
from shared.services.incidents.observing import Observe
from shared.services.incidents.recording import IncidentRecord

RECEIPT_LIFETIME = timedelta(hours=24)
# Crockford's base 32: no I, L, O, U, so a reference can be read out on the telephone.
_REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Reported:
    """The incident, and whether this call made it or an earlier one with the same key did."""

    incident: Incident
    replayed: bool


def reference_of(incident_id: str) -> str:
    """The name people use, made from the id: no counter, so no document that every report has to write.

    40 bits of the id's SHA-256: among 100,000 incidents two share a reference with a probability of 0.5 %; the id,
    not the reference, is the key.
    """
    number = int.from_bytes(hashlib.sha256(incident_id.encode()).digest()[:5])
    digits = "".join(_REFERENCE_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"INC-{digits[:4]}-{digits[4:]}"


class IncidentReporting:
    """Turns a report into an incident, once per Idempotency-Key."""

    def __init__(
        self, incidents: Incidents, record: IncidentRecord, accept: Accept, observe: Observe, clock: Clock, ids: Ids
    ) -> None:
        self._incidents = incidents
        self._record = record
        self._accept = accept
        self._observe = observe
        self._clock = clock
        self._ids = ids

    def report(self, who: Identity, report: IncidentReport, idempotency_key: str | None = None) -> Reported:
        """Keep the incident.

        Raises:
            ForbiddenError: the report asks for silence, which is for importing only.
            InvalidInputError: a time in the future, somebody who cannot be named, a custom field that is not usable.
            IdempotencyMismatchError: the key came before with other content.
        """
        if not report.notify and not who.can(Permission.INCIDENT_IMPORT):
            raise ForbiddenError("Only the security team may report without notifying: leave out notify")
        check_detected(report.detected_at, self._clock.now())
        report = self._accept(who, report)
        if idempotency_key is None:
            incident = self._incident(self._ids.new(), who, report)
            self._incidents.add(incident, beside=self._record.reported(who, incident))
            return Reported(incident, replayed=False)
        return self._report_once(who, report, idempotency_key)

    def _report_once(self, who: Identity, report: IncidentReport, key: str) -> Reported:
        scope = hashlib.sha256(f"incidents\0{who.uid}\0{key}".encode()).hexdigest()
        receipt = Receipt(
            id=scope,
            request_hash=hashlib.sha256(report.model_dump_json(exclude_unset=True).encode()).hexdigest(),
            result_id=scope[:20],
            expires_at=self._clock.now() + RECEIPT_LIFETIME,
        )
        incident = self._incident(receipt.result_id, who, report)
        try:
            earlier = self._incidents.add(incident, receipt, self._record.reported(who, incident))
        except ConflictError:
            # The receipt has expired and its incident is still there: the id is made of the key, so it is the one.
            return self._replayed(who, receipt.result_id)
        if earlier is None:
            return Reported(incident, replayed=False)
        if earlier.request_hash != receipt.request_hash:
            raise IdempotencyMismatchError("This Idempotency-Key was used for another report; take a new key")
        return self._replayed(who, earlier.result_id)

    def _replayed(self, who: Identity, incident_id: str) -> Reported:
        kept = self._incidents.get(incident_id)
        if kept is None:
            raise NotFoundError("The incident of this Idempotency-Key was deleted since")
        return Reported(shown(who, kept), replayed=True)

    def _incident(self, incident_id: str, who: Identity, report: IncidentReport) -> Incident:
        now = self._clock.now()
        by_team = Source.TEAM if who.can(Permission.INCIDENT_UPDATE_ALL) else Source.REPORTER
        incident = Incident(
            id=incident_id,
            reference=reference_of(incident_id),
            **report.model_dump(exclude={"detected_at"}),
            category_tag=report.category.rsit_tag if report.category else None,
            provenance=Provenance(
                category=by_team if report.category else None, severity=by_team if report.severity else None
            ),
            reporter_id=who.uid,
            detected_at=report.detected_at or now,
            reported_at=now,
            created_at=now,
            updated_at=now,
        )
        words = "\n".join([report.title, report.description, *report.affected_assets])
        return self._observe(incident, words, ObservableSource.REPORT, now)
