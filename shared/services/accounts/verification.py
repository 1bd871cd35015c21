"""Proving that a person reads mail at their address."""

from __future__ import annotations

from shared.domain.errors import NotFoundError
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock
from shared.ports.store import OUTBOX, USERS, Store, Work
from shared.services.notifications.notices import Notice, notice_mail

_AGAIN_AFTER = 600  # seconds: how often a person can have the mail sent


class AddressVerification:
    """Mails the link that verifies an address."""

    def __init__(self, accounts: Accounts, store: Store, clock: Clock) -> None:
        self._accounts = accounts
        self._store = store
        self._clock = clock

    def welcome(self, uid: str) -> None:
        """Queue the mail for somebody who just joined by themselves.

        Raises:
            As `send` does.
        """
        user = self._store.get(USERS, uid)
        if user is not None and not user.invited:
            self.send(uid)

    def send(self, uid: str) -> bool:
        """Queue the mail; False when the address is verified already. Within ten minutes it is one mail.

        Raises:
            NotFoundError: there is no such account, or it has no address.
            UnavailableError: a service does not answer.
        """
        account = self._accounts.state(uid)
        if account is None or account.email is None:
            raise NotFoundError("There is no such account")
        if account.email_verified:
            return False
        now = self._clock.now()
        mail_id = f"verify-{uid}-{int(now.timestamp()) // _AGAIN_AFTER}"
        if self._store.get(OUTBOX, mail_id) is None:
            link = self._accounts.verification_link(account.email)
            mail = notice_mail(mail_id, account.email, _verify(link), now)

            def body(work: Work) -> None:
                if work.get(OUTBOX, mail_id) is None:
                    work.create(OUTBOX, mail)

            self._store.run(body)
        return True


def _verify(link: str) -> Notice:
    return Notice(
        kind="verify_email",
        subject="Verify your address for Secura",
        paragraphs=[
            "Follow the link to show that this address is yours, then sign in again.",
            "If you did not register, do nothing: the account cannot be used without this.",
        ],
        link=link,
        link_label="Verify my address",
    )
