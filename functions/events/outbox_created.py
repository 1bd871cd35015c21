"""Firestore outbox/{id} created → asks for the mail to be sent.

So whoever queues a mail does it in the commit of what the mail tells of, and need not publish anything.
"""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn

from functions import options
from shared import bootstrap
from shared.entry import events
from shared.services.notifications.sending import EMAIL_TOPIC


@options.retried
@firestore_fn.on_document_created(document="outbox/{mailId}", **options.EVENT)
def outbox_created(event: firestore_fn.Event[Any]) -> None:
    """Publish `email-notifications`."""
    mail_id = event.params["mailId"]
    events.handle("outbox_created", bootstrap.settings(), event.id, lambda: _ask(mail_id))


def _ask(mail_id: str) -> None:
    bootstrap.publisher().publish(EMAIL_TOPIC, {"outbox_id": mail_id})
