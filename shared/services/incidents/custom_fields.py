"""Fields that administrators add to incidents."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.domain.audit import AuditTarget, changes_between
from shared.domain.custom_fields import (
    MAX_FIELDS,
    CustomField,
    CustomFieldChange,
    CustomFieldRequest,
    CustomFields,
    CustomFieldType,
)
from shared.domain.custom_values import Values, checked
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.people import Identity
from shared.ports.clock import Clock
from shared.ports.lifecycle import CUSTOM_FIELDS
from shared.ports.store import AUDIT, Store, Work
from shared.services.audit import AuditTrail

LIFETIME = timedelta(seconds=60)
"""How long an instance goes by the definitions it has read."""
_FRESH = timedelta(seconds=1)


class CustomFieldAdministration:
    """Adds, changes and retires fields. None is ever removed: incidents keep their values."""

    def __init__(self, store: Store, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock

    def all(self) -> CustomFields:
        """Every field, by name."""
        return CustomFields(items=self._store.run(lambda work: work.find(CUSTOM_FIELDS, MAX_FIELDS)))

    def add(self, who: Identity, request: CustomFieldRequest) -> CustomField:
        """The new field.

        Raises:
            ConflictError: there is one of the name, or there are as many as there can be.
            InvalidInputError: the options make no sense.
        """
        _check_options(request.type, request.options)
        now = self._clock.now()
        field = CustomField(**request.model_dump(), created_at=now, updated_at=now)

        def body(work: Work) -> CustomField:
            there = work.find(CUSTOM_FIELDS, MAX_FIELDS)
            if any(one.name == field.name for one in there):
                raise ConflictError(f"There is a field {field.name} already; a retired one can be brought back")
            if len(there) >= MAX_FIELDS:
                raise ConflictError(f"There are {MAX_FIELDS} fields, retired ones included: no more fit")
            work.create(CUSTOM_FIELDS, field)
            self._record(work, who, "custom_field:created", None, field)
            return field

        return self._store.run(body)

    def change(self, who: Identity, name: str, change: CustomFieldChange) -> CustomField:
        """The field with the change made; nothing is written when it is so already.

        Raises:
            NotFoundError: there is no such field.
            InvalidInputError: the options make no sense, or a value is null.
        """
        wanted = {field: getattr(change, field) for field in change.model_fields_set}
        empty = [field for field, value in wanted.items() if value is None]
        if empty:
            raise InvalidInputError("A field cannot be empty", dict.fromkeys(empty, "cannot be null"))

        def body(work: Work) -> CustomField:
            before = work.get(CUSTOM_FIELDS, name)
            if before is None:
                raise NotFoundError("There is no such custom field")
            _check_options(before.type, wanted.get("options", []))
            if all(getattr(before, field) == value for field, value in wanted.items()):
                return before
            after = before.model_copy(update=wanted | {"updated_at": self._clock.now()})
            work.put(CUSTOM_FIELDS, after)
            verb = "retired" if after.retired and not before.retired else "changed"
            self._record(work, who, f"custom_field:{verb}", before, after)
            return after

        return self._store.run(body)

    def retire(self, who: Identity, name: str) -> CustomField:
        """The field, which takes no new values from now on.

        Raises:
            NotFoundError: there is no such field.
        """
        return self.change(who, name, CustomFieldChange(retired=True))

    def _record(self, work: Work, who: Identity, action: str, before: CustomField | None, after: CustomField) -> None:
        changes = changes_between(before, after, CustomField.model_fields, ignore={"created_at"})
        target = AuditTarget(kind="custom_field", id=after.name)
        work.create(AUDIT, self._trail.entry(who, action, target, changes=changes))


class CustomFieldValues:
    """Checks values. The definitions are kept for a minute; before a refusal they are read anew."""

    def __init__(self, fields: CustomFieldAdministration, clock: Clock) -> None:
        self._fields = fields
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: datetime | None = None
        self._definitions: Mapping[str, CustomField] = {}

    def checked(self, values: Values, current: Values) -> Values:
        """The current values with the given ones in their place, as `shared.domain.custom_values.checked` says.

        Raises:
            InvalidInputError: a field does not exist, is retired, or the value is not of its type.
        """
        if not values:
            return current
        try:
            return checked(values, current, self._known(LIFETIME))
        except InvalidInputError:
            return checked(values, current, self._known(_FRESH))

    def _known(self, lifetime: timedelta) -> Mapping[str, CustomField]:
        with self._lock:
            now = self._clock.now()
            if self._read_at is None or now - self._read_at >= lifetime:
                self._definitions = {field.name: field for field in self._fields.all().items}
                self._read_at = now
            return self._definitions


def _check_options(kind: CustomFieldType, options: list[str]) -> None:
    if options and kind is not CustomFieldType.STRING:
        raise InvalidInputError("The options make no sense", {"options": "only a string has options"})
    if len(set(options)) < len(options):
        raise InvalidInputError("The options make no sense", {"options": "one is there twice"})
