"""A person leaves, and what was kept about them goes (GDPR, article 17)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.audit import Actor, AuditTarget
from shared.domain.erasure import KEPT, Erasure, ErasureReceipt
from shared.domain.errors import NotFoundError
from shared.domain.mail import OutboxMail
from shared.domain.people import Identity, User
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock, Ids
from shared.ports.personal_data import ERASURES, PersonalData
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.ports.subject_keys import SubjectCipher
from shared.services.accounts.administrators import keep_an_admin
from shared.services.accounts.synchronizing import revoked_in, whole_second
from shared.services.audit import AuditTrail
from shared.services.notifications.notices import Notice, notice_mail


@dataclass(frozen=True, slots=True)
class ErasureParts:
    """What erasing touches."""

    store: Store
    accounts: Accounts
    data: PersonalData
    cipher: SubjectCipher
    trail: AuditTrail
    clock: Clock
    ids: Ids


class AccountErasure:
    """Erases in two steps: what was asked for is written first, then carried out.

    The trigger on `erasures/{uid}` carries it out as well, until it is complete. Every part can be repeated.
    """

    def __init__(self, parts: ErasureParts) -> None:
        self._parts = parts

    def erase(self, who: Identity) -> ErasureReceipt:
        """Erase the caller's account; the receipt, which is mailed to them as well.

        Raises:
            NotFoundError: the account was never registered with the platform.
            ConflictError: the caller is the last administrator.
            UnavailableError: a service does not answer; the trigger carries on.
        """
        self._request(who)
        return self.complete(who.uid)

    def complete(self, uid: str) -> ErasureReceipt:
        """Carry out what was asked for; done before, it answers the same receipt.

        Raises:
            NotFoundError: nobody asked for it.
            UnavailableError: a service does not answer; call again.
        """
        parts = self._parts
        erasure, user = parts.store.get(ERASURES, uid), parts.store.get(USERS, uid)
        if erasure is None:
            raise NotFoundError("Nobody asked to erase this account")
        if erasure.completed_at is None:
            parts.accounts.delete(uid)
            if user is not None:
                self._count(user)
                parts.data.erase(uid, user.email)
            parts.cipher.drop(uid)
            erasure = self._finish(erasure)
        return _receipt(erasure)

    def _count(self, user: User) -> None:
        """Write down what there is before any of it is removed: caller and trigger often run at the same time."""
        counts = {**self._parts.data.count(user.uid, user.email), "users": 1}

        def body(work: Work) -> None:
            erasure = work.get(ERASURES, user.uid)
            if erasure is not None and not erasure.erased:
                work.put(ERASURES, erasure.model_copy(update={"erased": counts}))

        self._parts.store.run(body)

    def _request(self, who: Identity) -> None:
        parts = self._parts
        now = parts.clock.now()
        target = AuditTarget(kind="user", id=who.uid)
        entry = parts.trail.entry(who, "user:erasure_requested", target)
        erasure = Erasure(uid=who.uid, receipt_id=parts.ids.new(), requested_at=now)

        def body(work: Work) -> None:
            user = work.get(USERS, who.uid)
            if user is None:
                raise NotFoundError("This account has no profile: register first")
            if work.get(ERASURES, who.uid) is not None:
                return
            after = user.model_copy(update={"disabled": True, "updated_at": now})
            keep_an_admin(work, user, after)
            revoked_in(work, after, whole_second(now, up=True))
            work.create(ERASURES, erasure)
            work.create(AUDIT, entry)

        parts.store.run(body)

    def _finish(self, erasure: Erasure) -> Erasure:
        parts = self._parts
        now = parts.clock.now()
        actor = Actor(kind="system", id="erasure")
        target = AuditTarget(kind="user", id=erasure.uid)
        entry = parts.trail.entry(actor, "user:erased", target, entry_id=_entry_id(erasure))

        def body(work: Work) -> Erasure:
            user = work.get(USERS, erasure.uid)
            current = work.get(ERASURES, erasure.uid) or erasure
            if current.completed_at is not None:
                return current
            done = current.model_copy(update={"completed_at": now})
            work.put(ERASURES, done)
            work.create(AUDIT, entry)
            work.delete(USERS, erasure.uid)
            if user is not None:
                work.create(OUTBOX, _farewell(user, done))
            return done

        return parts.store.run(body)


def _entry_id(erasure: Erasure) -> str:
    return f"erased-{erasure.receipt_id}"


def _receipt(erasure: Erasure) -> ErasureReceipt:
    return ErasureReceipt(**erasure.model_dump(), kept=list(KEPT), audit_entry_id=_entry_id(erasure))


def _farewell(user: User, erasure: Erasure) -> OutboxMail:
    at = erasure.completed_at or erasure.requested_at
    notice = Notice(
        kind="erasure_receipt",
        subject="Your account on Secura was erased",
        paragraphs=[f"Receipt {erasure.receipt_id}: erased on {at:%Y-%m-%d at %H:%M} UTC, as you asked.", *KEPT],
        why="This is the last mail of Secura to you; it is removed from our outbox by itself.",
    )
    return notice_mail(f"erased-{erasure.receipt_id}", user.email, notice, at)
