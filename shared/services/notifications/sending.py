"""A queued mail is sent, once as far as a provider without idempotency allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.errors import RetryLaterError
from shared.domain.mail import MailState, OutboxMail
from shared.ports.clock import Clock
from shared.ports.messaging import Mailer, MailNotSentError, MailOutcomeUnknownError, MailRefusedError
from shared.ports.repositories import Outbox

EMAIL_TOPIC = "email-notifications"
LEASE = timedelta(minutes=2)
"""Longer than a send can take: the mailer's time-outs add up to less."""


class MailSending:
    """Claims a mail, sends it, and writes down what became of it."""

    def __init__(self, outbox: Outbox, mailer: Mailer, clock: Clock) -> None:
        self._outbox = outbox
        self._mailer = mailer
        self._clock = clock

    def send(self, mail_id: str) -> MailState:
        """Send the mail if it still waits; a second call finds it done.

        A sender that died after its claim leaves `sending`; when its lease is over nobody can know whether the request
        left, so the mail becomes `maybe_sent` and is not sent again.

        Raises:
            NotFoundError: there is no such mail.
            RetryLaterError: another call is sending it now, or the provider did not take it: deliver the event again.
        """
        now = self._clock.now()
        mine = False

        def claim(mail: OutboxMail) -> OutboxMail:
            nonlocal mine  # the transaction's last run is the one that counts
            mine = mail.state is MailState.QUEUED
            return _claimed(mail, now)

        mail = self._outbox.update(mail_id, claim)
        if mine:
            return self._deliver(mail)
        if mail.state is MailState.SENDING:
            raise RetryLaterError(f"Mail {mail_id} is being sent by another call")
        return mail.state

    def _deliver(self, mail: OutboxMail) -> MailState:
        try:
            provider_id = self._mailer.send(mail.message, mail.id)
        except MailNotSentError as error:
            self._settle(mail, MailState.QUEUED, failure=str(error))
            raise RetryLaterError(f"Mail {mail.id} was not taken by the provider") from error
        except MailRefusedError as error:
            return self._settle(mail, MailState.FAILED, failure=str(error))
        except MailOutcomeUnknownError as error:
            return self._settle(mail, MailState.MAYBE_SENT, failure=str(error))
        return self._settle(mail, MailState.SENT, provider_message_id=provider_id)

    def _settle(
        self, mail: OutboxMail, state: MailState, failure: str | None = None, provider_message_id: str | None = None
    ) -> MailState:
        now = self._clock.now()

        def settled(current: OutboxMail) -> OutboxMail:
            return current.model_copy(
                update={
                    "state": state,
                    "lease_until": None,
                    "failure": failure,
                    "provider_message_id": provider_message_id,
                    "updated_at": now,
                }
            )

        return self._outbox.update(mail.id, settled).state


def _claimed(mail: OutboxMail, now: datetime) -> OutboxMail:
    if mail.state is MailState.QUEUED:
        return mail.model_copy(
            update={
                "state": MailState.SENDING,
                "attempts": mail.attempts + 1,
                "lease_until": now + LEASE,
                "updated_at": now,
            }
        )
    if mail.state is MailState.SENDING and mail.lease_until is not None and mail.lease_until <= now:
        return mail.model_copy(
            update={
                "state": MailState.MAYBE_SENT,
                "lease_until": None,
                "failure": "the sender stopped before it could say what became of the mail",
                "updated_at": now,
            }
        )
    return mail
