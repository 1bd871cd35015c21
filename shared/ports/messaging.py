"""Messages that leave: to other functions (Pub/Sub) and to people (e-mail)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.domain.mail import MailMessage


class Publisher(Protocol):
    """Publishes to a topic."""

    def publish(self, topic: str, payload: Mapping[str, str]) -> None:
        """Publish the payload as JSON; returns when the service has it.

        Raises:
            UnavailableError: it does not answer in time.
        """
        ...


class MailRefusedError(Exception):
    """The provider will never take this message: wrong address, wrong key, too large."""


class MailNotSentError(Exception):
    """The provider certainly did not take it now; the same message may be taken later."""


class MailOutcomeUnknownError(Exception):
    """The request left and no answer came: the message may or may not have been taken."""


class Mailer(Protocol):
    """Sends mail."""

    def send(self, message: MailMessage, mail_id: str) -> str:
        """Hand the message to the provider and return the provider's id for it. `mail_id` marks it for later tracing.

        Raises:
            MailRefusedError, MailNotSentError, MailOutcomeUnknownError: as each says.
        """
        ...
