"""How many requests are served: one table of classes of endpoints, with a quota per person by role and one per address.

docs/access.md shows it. Offices share an address, so an address gets about ten times what a person gets; the helpers of
signing in are the exception, since whoever guesses passwords or addresses is nobody yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from shared.domain.permissions import Role


class LimitClass(StrEnum):
    """Endpoints that share a quota."""

    READ = "read"
    WRITE = "write"
    AUTH = "auth"
    AI = "ai"
    CHAT = "chat"
    EXPORT = "export"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` requests in each window of `window` seconds."""

    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """The quotas of one class. Who has no role gets what an employee gets."""

    by_role: Mapping[Role, Quota]
    address: Quota


_MINUTE = 60
_HOUR = 3600
_ADDRESS_FACTOR = 10


def _row(window: int, employee: int, team: int, admin: int, address: int) -> ClassLimits:
    limits = {Role.EMPLOYEE: employee, Role.SECURITY_TEAM: team, Role.ADMIN: admin}
    return ClassLimits({role: Quota(limit, window) for role, limit in limits.items()}, Quota(address, window))


DEFAULT_LIMITS: Mapping[LimitClass, ClassLimits] = MappingProxyType(
    {
        LimitClass.READ: _row(_MINUTE, employee=300, team=1200, admin=1200, address=6000),
        # 1,500 a minute: the import of old incidents is made of writes.
        LimitClass.WRITE: _row(_MINUTE, employee=60, team=1500, admin=1500, address=6000),
        LimitClass.AUTH: _row(_MINUTE, employee=30, team=30, admin=30, address=30),
        LimitClass.AI: _row(_MINUTE, employee=20, team=60, admin=60, address=600),
        LimitClass.CHAT: _row(_MINUTE, employee=20, team=60, admin=60, address=600),
        LimitClass.EXPORT: _row(_HOUR, employee=10, team=60, admin=60, address=300),
        LimitClass.ADMIN: _row(_MINUTE, employee=30, team=30, admin=120, address=600),
    }
)


class LimitTable:
    """The limits in force; None in place of the rows: there are none."""

    def __init__(self, rows: Mapping[LimitClass, ClassLimits] | None = DEFAULT_LIMITS) -> None:
        self.rows = rows

    def for_user(self, limit_class: LimitClass, role: Role | None) -> Quota | None:
        """The quota of one person in the role."""
        return None if self.rows is None else self.rows[limit_class].by_role[role or Role.EMPLOYEE]

    def for_address(self, limit_class: LimitClass) -> Quota | None:
        """The quota of everybody who comes from one address together."""
        return None if self.rows is None else self.rows[limit_class].address

    @classmethod
    def parse(cls, text: str) -> LimitTable:
        """The default table with changes: `write=120,auth.address=5`, or `off`.

        `class=n` sets what each person gets, whatever their role, and ten times as much for an address (as much for
        `auth`); `class.user=n` and `class.address=n` set one of the two. The windows stay.

        Raises:
            ValueError: it is something else.
        """
        if text.strip().lower() == "off":
            return cls(None)
        rows = dict(DEFAULT_LIMITS)
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, number = part.partition("=")
            class_name, _, whom = name.strip().partition(".")
            if class_name not in set(LimitClass) or whom not in {"", "user", "address"}:
                raise ValueError(f"{name!r} is none of {', '.join(LimitClass)}, with .user or .address behind it")
            if not (number.strip().isdecimal() and 0 < int(number) < 10**6):
                raise ValueError(f"{name}: a limit is a number from 1 to 999999")
            limit_class = LimitClass(class_name)
            rows[limit_class] = _changed(limit_class, rows[limit_class], whom, int(number))
        return cls(rows)


def _changed(limit_class: LimitClass, row: ClassLimits, whom: str, number: int) -> ClassLimits:
    window = row.address.window
    factor = 1 if limit_class is LimitClass.AUTH else _ADDRESS_FACTOR
    by_role = row.by_role if whom == "address" else dict.fromkeys(Role, Quota(number, window))
    if whom == "user":
        return ClassLimits(by_role, row.address)
    return ClassLimits(by_role, Quota(number if whom == "address" else number * factor, window))
