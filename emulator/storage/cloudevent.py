"""What functions are told of objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from emulator.events.cloudevent import CloudEvent

_TYPE: Final = "google.cloud.storage.object.v1"
FINALIZED: Final = f"{_TYPE}.finalized"
DELETED: Final = f"{_TYPE}.deleted"
ARCHIVED: Final = f"{_TYPE}.archived"
METADATA_UPDATED: Final = f"{_TYPE}.metadataUpdated"


def object_event(event_type: str, resource: Mapping[str, Any], time: datetime) -> CloudEvent:
    """The event of an object, whose data is its resource in JSON; `time` is when the change happened."""
    data = dict(resource)
    if event_type in {DELETED, ARCHIVED}:
        data["timeDeleted"] = time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return CloudEvent(
        id=uuid4().hex,
        source=f"//storage.googleapis.com/projects/_/buckets/{resource['bucket']}",
        type=event_type,
        time=time,
        data=json.dumps(data).encode(),
        content_type="application/json",
        subject=f"objects/{resource['name']}",
        attributes={"bucket": resource["bucket"]},
    )
