"""What is kept for the life of incidents beside the incidents themselves."""

from __future__ import annotations

from shared.domain.base import Model, UtcDatetime
from shared.domain.custom_fields import CustomField
from shared.domain.merges import Merge
from shared.ports.store import Kind


class KeptReceipt(Model):
    """The document `idempotency/{id}` as a transaction reads it: the proof that a keyed request was carried out."""

    id: str
    request_hash: str
    result_id: str
    expires_at: UtcDatetime


CUSTOM_FIELDS = Kind("custom_fields", CustomField, "name")
RECEIPTS = Kind("idempotency", KeptReceipt)


def merges_of(incident_id: str) -> Kind[Merge]:
    """The merge of one incident into another: one document with the incident's own id."""
    return Kind(f"incidents/{incident_id}/merges", Merge)
