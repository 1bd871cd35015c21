"""Making the entries that go into the same commit as what they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.audit import Actor, AuditEntry, AuditOutcome, AuditTarget, FieldChange, as_json
from shared.domain.people import Identity
from shared.ports.clock import Clock, Ids
from shared.ports.subject_keys import SubjectCipher


class AuditTrail:
    """Makes entries whose personal values are encrypted. It writes nothing: the caller commits them with the change.

    `trail.entry(who, "user:role_changed", AuditTarget(kind="user", id=uid), subject=uid, changes=…)`
    """

    def __init__(self, cipher: SubjectCipher, clock: Clock, ids: Ids) -> None:
        self._cipher = cipher
        self._clock = clock
        self._ids = ids

    def entry(  # noqa: PLR0913  # what an entry says; each by its name
        self,
        who: Identity | Actor,
        action: str,
        target: AuditTarget,
        *,
        subject: str | None = None,
        changes: Sequence[FieldChange] = (),
        reason: str | None = None,
        outcome: AuditOutcome = AuditOutcome.SUCCESS,
        entry_id: str | None = None,
    ) -> AuditEntry:
        """The entry, ready to be kept.

        `subject` is the person whom the personal values are about (the actor, where nobody is named). Give an
        `entry_id` made of the cause where the cause may come again, as events do.

        Raises:
            UnavailableError: a person's key cannot be had.
        """
        actor = actor_of(who)
        entry_id = entry_id or self._ids.new()
        about = subject or (actor.id if actor.kind == "user" else None)
        origin = who.origin if isinstance(who, Identity) else None
        return AuditEntry(
            id=entry_id,
            at=self._clock.now(),
            action=action,
            outcome=outcome,
            actor=actor,
            target=target,
            subject=about,
            request_id=origin.request_id if origin else None,
            address=self._sealed(actor.id, origin.address if origin else None, entry_id, "address"),
            user_agent=self._sealed(actor.id, origin.user_agent if origin else None, entry_id, "user_agent"),
            reason=self._sealed(about, reason, entry_id, "reason"),
            changes=[self._sealed_change(about, change, entry_id) for change in changes],
        )

    def looked(self, who: Identity, action: str, target: AuditTarget, asked: Mapping[str, object]) -> AuditEntry:
        """The entry of somebody who looked at many: `asked` is what the list was narrowed by.

        Raises:
            UnavailableError: the person's key cannot be had.
        """
        changes = [FieldChange(field="filter", new=as_json(asked), personal=True)] if asked else []
        return self.entry(who, action, target, changes=changes)

    def _sealed_change(self, subject: str | None, change: FieldChange, entry_id: str) -> FieldChange:
        if not change.personal:
            return change
        sealed = {
            side: self._sealed(subject, getattr(change, side), entry_id, f"changes.{change.field}.{side}")
            for side in ("old", "new")
        }
        return change.model_copy(update=sealed)

    def _sealed(self, subject: str | None, text: str | None, entry_id: str, place: str) -> str | None:
        if text is None:
            return None
        if subject is None:
            raise ValueError("An entry with personal values needs the person they are about")
        return self._cipher.encrypt(subject, text, f"audit/{entry_id}/{place}")


def actor_of(who: Identity | Actor) -> Actor:
    """Who did it, as an entry names them."""
    return who if isinstance(who, Actor) else Actor(kind="user", id=who.uid, role=who.role)
