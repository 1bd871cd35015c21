"""A published message as functions get it, and as push endpoints do."""

from __future__ import annotations

import base64
import json
from datetime import UTC
from typing import Any, Final

from emulator.events.cloudevent import CloudEvent
from emulator.events.triggers import Trigger
from emulator.pubsub.proto.v1 import PubsubMessage

PUBLISHED: Final = "google.cloud.pubsub.topic.v1.messagePublished"


def message_json(message: PubsubMessage) -> dict[str, Any]:
    """The message as in the body of a push: every name in both spellings that production sends."""
    stamp = message.publish_time.ToJsonString()
    body: dict[str, Any] = {
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": stamp,
        "publish_time": stamp,
    }
    if message.data:
        body["data"] = base64.b64encode(message.data).decode()
    if message.attributes:
        body["attributes"] = dict(message.attributes)
    if message.ordering_key:
        body["orderingKey"] = message.ordering_key
    return body


def published(project: str, topic: str, trigger: Trigger, message: PubsubMessage) -> CloudEvent:
    """The CloudEvent that Eventarc makes of a message of `topic` (its id) for the trigger's function."""
    subscription = f"projects/{project}/subscriptions/eventarc-{trigger.region}-{trigger.function.replace('_', '-')}"
    # Eventarc fills in what a push leaves out, and Google's decoder in Python relies on it.
    body = {"data": "", "attributes": {}} | message_json(message)
    return CloudEvent(
        id=message.message_id,
        source=f"//pubsub.googleapis.com/projects/{project}/topics/{topic}",
        type=PUBLISHED,
        time=message.publish_time.ToDatetime(tzinfo=UTC),
        data=json.dumps({"message": body, "subscription": f"{subscription}-sub"}).encode(),
        content_type="application/json",
    )
