"""Somebody applies to the security team, changes what they said, or takes it back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from shared.domain.applications import (
    Application,
    ApplicationStatus,
    ApplicationWords,
    CannotApplyError,
    Eligibility,
    eligibility,
)
from shared.domain.errors import ConflictError, IdempotencyMismatchError, NotFoundError
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.ports.applications import APPLICATIONS
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.services.applications.mails import submitted_mail
from shared.services.applications.recording import application_entry
from shared.services.audit import AuditTrail

_ALL = 1000
"""Applications of one person that are looked at; three in thirty days make as many in 27 years."""
_MOST_ADMINS = 50
"""Administrators who are mailed; a platform with more of them has another problem."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The application, and whether this call made it or an earlier one with the same key did."""

    application: Application
    replayed: bool


class Applying:
    """What applicants do. Each act is one transaction: the application, the audit entry and the mail, or nothing."""

    def __init__(self, store: Store, trail: AuditTrail, clock: Clock, public_url: str) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock
        self._public_url = public_url

    def can_apply(self, who: Identity) -> Eligibility:
        """Whether the person may apply now.

        Raises:
            NotFoundError: the account was never registered with the platform.
        """
        return self._store.run(lambda work: eligibility(_person(work, who), _own(work, who), self._clock.now()))

    def apply(self, who: Identity, words: ApplicationWords, key: str | None = None) -> Applied:
        """Apply. The same key gives the same application, however it stands by now.

        Raises:
            CannotApplyError: the rules are against it; it carries the answer of `can_apply`.
            IdempotencyMismatchError: the key came before with other words.
            NotFoundError: the account was never registered with the platform.
        """
        request_key = hashlib.sha256(f"applications\0{who.uid}\0{key}".encode()).hexdigest() if key else None
        request_hash = hashlib.sha256(words.model_dump_json().encode()).hexdigest() if key else None

        def body(work: Work) -> Applied:
            person, earlier = _person(work, who), _own(work, who)
            known = next((one for one in earlier if key and one.request_key == request_key), None)
            if known is not None:
                return _replayed(known, request_hash)
            now = self._clock.now()
            answer = eligibility(person, earlier, now)
            if not answer.can_apply:
                raise CannotApplyError(answer)
            application = Application(
                id=f"{who.uid}-{earlier[-1].number + 1 if earlier else 1}",
                applicant_id=who.uid,
                applicant_name=person.display_name,
                **words.model_dump(),
                request_key=request_key,
                request_hash=request_hash,
                created_at=now,
                updated_at=now,
            )
            self._tell_admins(work, application)
            work.create(APPLICATIONS, application)
            work.create(AUDIT, application_entry(self._trail, who, "submitted", None, application))
            return Applied(application, replayed=False)

        return self._seen(body)

    def change(self, who: Identity, words: ApplicationWords) -> Application:
        """Replace the words of one's open application; a request for more information is answered by it.

        Raises:
            NotFoundError: the person never applied.
            ConflictError: the last application is not open any more.
        """

        def body(work: Work) -> Application:
            before = _last(work, who)
            if not before.is_open:
                raise ConflictError(_closed(before))
            asked = before.status is ApplicationStatus.INFO_REQUESTED
            if before.words == words and not asked:
                return before
            after = before.moved(self._clock.now(), **words.model_dump(), status=ApplicationStatus.PENDING)
            if asked:
                self._tell_admins(work, after)
            work.put(APPLICATIONS, after)
            work.create(AUDIT, application_entry(self._trail, who, "changed", before, after))
            return after

        return self._store.run(body)

    def withdraw(self, who: Identity) -> Application:
        """Take one's open application back; done before, it changes nothing.

        Raises:
            NotFoundError: the person never applied.
            ConflictError: the last application was decided.
        """

        def body(work: Work) -> Application:
            before = _last(work, who)
            if before.status is ApplicationStatus.WITHDRAWN:
                return before
            if not before.is_open:
                raise ConflictError(_closed(before))
            after = before.moved(self._clock.now(), status=ApplicationStatus.WITHDRAWN)
            work.put(APPLICATIONS, after)
            work.create(AUDIT, application_entry(self._trail, who, "withdrawn", before, after))
            return after

        return self._store.run(body)

    def _seen(self, body: Callable[[Work], Applied]) -> Applied:
        """What the body returns. When another call took the id it wanted, it is run once more, and sees that call's."""
        try:
            return self._store.run(body)
        except CannotApplyError:
            raise
        except ConflictError:
            return self._store.run(body)

    def _tell_admins(self, work: Work, application: Application) -> None:
        admins = work.find(USERS, _MOST_ADMINS, role=Role.ADMIN, disabled=False)
        mail = submitted_mail(application, admins, self._public_url)
        if mail is not None:
            work.create(OUTBOX, mail)


def _person(work: Work, who: Identity) -> User:
    person = work.get(USERS, who.uid)
    if person is None:
        raise NotFoundError("This account has no profile: register first")
    return person


def _own(work: Work, who: Identity) -> list[Application]:
    """The person's applications, in the order they were made in."""
    return sorted(work.find(APPLICATIONS, _ALL, applicant_id=who.uid), key=lambda one: one.number)


def _last(work: Work, who: Identity) -> Application:
    own = _own(work, who)
    if not own:
        raise NotFoundError("You have not applied")
    return own[-1]


def _replayed(known: Application, request_hash: str | None) -> Applied:
    if known.request_hash != request_hash:
        raise IdempotencyMismatchError("This Idempotency-Key was used for another application; take a new key")
    return Applied(known, replayed=True)


def _closed(application: Application) -> str:
    at = application.decided_at or application.updated_at
    return f"You have no open application: the last one was {application.status} at {at:%Y-%m-%d %H:%M} UTC"
