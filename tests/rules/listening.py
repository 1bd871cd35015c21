"""What apps are told that listen: one stream of Firestore's protocol, with a target for each thing to follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Final

from google.cloud.firestore_v1.types import ListenRequest, StructuredQuery, Target, TargetChange
from google.protobuf.json_format import ParseDict

from tests.rules.place import DATABASE, Place, query_of

PATIENCE: Final = 60.0  # seconds, after which the call fails
_REFUSED: Final = 7  # google.rpc.Code.PERMISSION_DENIED
_CHANGE: Final = TargetChange.TargetChangeType


class Stream:
    """What is told of targets, by their place in the list that was asked for."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self.followed: set[int] = set()
        self.refused: set[int] = set()

    def until_told(self, count: int) -> None:
        """Until so many targets are followed or refused.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: the stream ended first.
        """
        while len(self.followed) + len(self.refused) < count:
            change = next(self._call).target_change
            # A change that names no target is about all of them; of such only the consistent state of all is told here.
            targets = {number - 1 for number in change.target_ids}
            if change.target_change_type == _CHANGE.CURRENT:
                self.followed |= targets
            elif change.target_change_type == _CHANGE.REMOVE:
                assert change.cause.code == _REFUSED, change
                self.refused |= targets
                self.followed -= targets

    def until_refused(self, number: int = 0) -> None:
        """Until a target that is followed is not any more."""
        self.followed.discard(number)
        self.until_told(len(self.followed) + len(self.refused) + 1)
        assert number in self.refused


@contextmanager
def listening(place: Place, token: str | None, targets: Sequence[str]) -> Iterator[Stream]:
    """Follows documents and queries, named as in the policy with `{me}` filled in."""
    asked: SimpleQueue[ListenRequest | None] = SimpleQueue()
    for number, target in enumerate(targets, start=1):
        asked.put(ListenRequest(database=DATABASE, add_target=Target(target_id=number, **_target(target))))
    # Without a token as an SDK calls for whoever is not signed in; with nothing at all it would be an administrator.
    told = ("authorization", f"Bearer {token}") if token else ("x-goog-api-client", "gl-js/ fire/12.0.0")
    metadata = [told, ("google-cloud-resource-prefix", DATABASE)]
    transport = place.admin._firestore_api.transport
    call = transport.listen(iter(asked.get, None), metadata=metadata, timeout=PATIENCE)
    try:
        yield Stream(call)
    finally:
        asked.put(None)
        call.cancel()


def _target(target: str) -> dict[str, Any]:
    if _is_document(target):
        return {"documents": Target.DocumentsTarget(documents=[f"{DATABASE}/documents/{target}"])}
    parent, query = query_of(target)
    structured = StructuredQuery()
    ParseDict(query, structured._pb)
    return {"query": Target.QueryTarget(parent=f"{DATABASE}/documents{parent}", structured_query=structured)}


def _is_document(target: str) -> bool:
    return " where " not in target and not target.startswith("**/") and target.count("/") % 2 == 1
