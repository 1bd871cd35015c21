"""Firestore erasures/{uid} created → the erasure is carried out, again and again until it is complete."""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn

from functions import options
from shared import bootstrap
from shared.entry import events


@options.retried
@firestore_fn.on_document_created(document="erasures/{uid}", secrets=options.AUDIT_SECRETS, **options.EVENT)
def erasure_requested(event: firestore_fn.Event[Any]) -> None:
    """Carry on where the request left off."""
    uid = event.params["uid"]
    events.handle("erasure_requested", bootstrap.settings(), event.id, lambda: _complete(uid))


def _complete(uid: str) -> None:
    bootstrap.account_erasure().complete(uid)
