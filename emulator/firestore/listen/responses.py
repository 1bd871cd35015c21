"""The messages of the Listen stream."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from emulator.firestore.errors import FirestoreError
from emulator.firestore.listen.bloom import bloom_filter
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import (
    DocumentChange,
    DocumentDelete,
    DocumentRemove,
    ExistenceFilter,
    ListenResponse,
    Status,
    TargetChange,
)
from emulator.firestore.storage.records import Record
from emulator.firestore.values.times import to_timestamp


def token(at: int) -> bytes:
    """The resume token of a time in microseconds."""
    return at.to_bytes(8, "big")


def token_time(resume_token: bytes) -> int | None:
    """The time of a resume token; None when it is none of ours."""
    return int.from_bytes(resume_token, "big") if len(resume_token) == 8 else None


def added(target_id: int) -> ListenResponse:
    """The target is accepted."""
    return _target_change(TargetChange(target_change_type=TargetChange.ADD, target_ids=[target_id]))


def removed(target_id: int, error: FirestoreError | None = None) -> ListenResponse:
    """The target is gone, by the client's wish or because of an error."""
    change = TargetChange(target_change_type=TargetChange.REMOVE, target_ids=[target_id])
    if error is not None:
        change.cause.CopyFrom(Status(code=error.code, message=error.message))
    return _target_change(change)


def reset(target_id: int) -> ListenResponse:
    """What the client knows of the target is void; everything follows anew."""
    return _target_change(TargetChange(target_change_type=TargetChange.RESET, target_ids=[target_id]))


def current(target_id: int, at: int) -> ListenResponse:
    """All documents of the target up to the time have been sent."""
    return _target_change(
        TargetChange(
            target_change_type=TargetChange.CURRENT,
            target_ids=[target_id],
            resume_token=token(at),
            read_time=to_timestamp(at),
        )
    )


def consistent(at: int) -> ListenResponse:
    """All targets of the stream stand at the time."""
    return _target_change(
        TargetChange(target_change_type=TargetChange.NO_CHANGE, resume_token=token(at), read_time=to_timestamp(at))
    )


def count_filter(target_id: int, count: int, unchanged: Collection[DocumentKey]) -> ListenResponse:
    """How many documents the target has, and which of them are as they were at the client's resume token.

    A client that counts differently drops what is neither sent nor among the unchanged, or starts over.
    """
    names = bloom_filter([key.name for key in unchanged])
    return ListenResponse(filter=ExistenceFilter(target_id=target_id, count=count, unchanged_names=names))


def document(record: Record, present: Iterable[int], gone: Iterable[int] = ()) -> ListenResponse:
    """A document is new or changed in some targets, and has left others."""
    return ListenResponse(
        document_change=DocumentChange(document=record.to_document(), target_ids=present, removed_target_ids=gone)
    )


def left(key: DocumentKey, gone: Iterable[int], at: int, *, deleted: bool) -> ListenResponse:
    """A document is in none of the targets any more."""
    if deleted:
        return ListenResponse(
            document_delete=DocumentDelete(document=key.name, removed_target_ids=gone, read_time=to_timestamp(at))
        )
    return ListenResponse(
        document_remove=DocumentRemove(document=key.name, removed_target_ids=gone, read_time=to_timestamp(at))
    )


def _target_change(change: TargetChange) -> ListenResponse:
    return ListenResponse(target_change=change)
