"""Pub/Sub email-notifications → the queued mail is sent."""

from __future__ import annotations

from typing import Any

from firebase_functions import pubsub_fn
from firebase_functions.core import CloudEvent

from functions import options
from shared import bootstrap
from shared.entry import events
from shared.services.notifications.sending import EMAIL_TOPIC


@options.retried
@pubsub_fn.on_message_published(topic=EMAIL_TOPIC, secrets=["SENDGRID_API_KEY"], **options.EVENT)
def email_notifications(event: CloudEvent[pubsub_fn.MessagePublishedData[Any]]) -> None:
    """Send the mail that the message names."""
    outbox_id = events.text_of(event.data.message.json, "outbox_id")
    events.handle("email_notifications", bootstrap.settings(), event.id, lambda: _send(outbox_id))


def _send(outbox_id: str) -> None:
    bootstrap.mail_sending().send(outbox_id)
