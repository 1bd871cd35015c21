"""An object is complete in the quarantine bucket → it is inspected, and released or locked away."""

from __future__ import annotations

from typing import Any

from firebase_functions import storage_fn
from firebase_functions.core import CloudEvent
from firebase_functions.options import MemoryOption
from firebase_functions.params import StringParam

from functions import options
from shared import bootstrap
from shared.domain.evidence import Bucket, Stored
from shared.entry import events

# The Firebase CLI fills it in when the function is deployed, and sets the variable that the settings read.
_QUARANTINE: Any = StringParam(
    "SECURA_QUARANTINE_BUCKET",
    default="{{ params.PROJECT_ID }}-quarantine",
    description="The bucket that evidence is uploaded into, before it is inspected",
)
# A file in inspection, the scanners' rules and the model of types are in memory once: one file at a time.
_OPTIONS = {**options.EVENT, "memory": MemoryOption.GB_2, "cpu": 1, "concurrency": 1, "timeout_sec": 540}


@options.retried
@storage_fn.on_object_finalized(bucket=_QUARANTINE, secrets=options.AUDIT_SECRETS, **_OPTIONS)
def evidence_uploaded(event: CloudEvent[storage_fn.StorageObjectData]) -> None:
    """Inspect it."""
    events.handle("evidence_uploaded", bootstrap.settings(), event.id, lambda: _receive(event.data))


def _receive(data: storage_fn.StorageObjectData) -> None:
    stored = Stored(
        bucket=Bucket.QUARANTINE,
        name=data.name,
        generation=str(data.generation),
        size=int(data.size),
        crc32c=data.crc32c or "",
        md5=data.md5_hash,
    )
    bootstrap.evidence_receiving().receive(stored)
