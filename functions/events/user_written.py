"""Firestore users/{uid} written → the account's claims and state follow; a new person is asked to verify."""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn
from firebase_functions.core import Change

from functions import options
from shared import bootstrap
from shared.entry import events


@options.retried
@firestore_fn.on_document_written(document="users/{uid}", **options.EVENT)
def user_written(event: firestore_fn.Event[Change[Any]]) -> None:
    """Look at what the document says now, not at the event's copy: events come doubled and out of order."""
    uid = event.params["uid"]
    new = event.data.before is None
    events.handle("user_written", bootstrap.settings(), event.id, lambda: _follow(uid, new=new))


def _follow(uid: str, *, new: bool) -> None:
    bootstrap.account_sync().follow(uid)
    if new:
        bootstrap.address_verification().welcome(uid)
