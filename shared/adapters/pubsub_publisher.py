"""Pub/Sub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings

from shared.domain.errors import UnavailableError

_TIMEOUT = 20.0  # seconds


class PubsubPublisher:
    """Publishes JSON payloads; each at once, since an event handler waits for it."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._client = PublisherClient(batch_settings=BatchSettings(max_messages=1))

    def publish(self, topic: str, payload: Mapping[str, str]) -> None:
        """As the port says."""
        path = self._client.topic_path(self._project, topic)
        future = self._client.publish(path, json.dumps(payload, separators=(",", ":")).encode())
        try:
            future.result(timeout=_TIMEOUT)
        except (GoogleAPICallError, FutureTimeoutError) as error:
            raise UnavailableError(f"Pub/Sub did not take the message for {topic}") from error
