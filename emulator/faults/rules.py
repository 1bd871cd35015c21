"""Rules that say which calls and deliveries fail, how, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final


class RuleError(ValueError):
    """The rule cannot be used; the text is one line for the user."""


class Kind(StrEnum):
    """What goes wrong."""

    # Of calls
    ABORTED = "aborted"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"  # after `delay` seconds
    THROTTLED = "throttled"  # the caller is told to come again after `delay` seconds
    LOST_RESPONSE = "lost-response"  # the call is done, and UNAVAILABLE is all that the caller learns
    # Of both
    DELAY = "delay"
    # Of deliveries to functions
    DUPLICATE = "duplicate"
    REORDER = "reorder"  # waits until the next event to the function has come in, at most `delay` seconds
    LOST_ACK = "lost-ack"  # the function is done, and the delivery is tried again
    KILL = "kill"  # the function's process is killed after `delay` seconds in the handler


_OF_CALLS: Final = frozenset(
    {Kind.ABORTED, Kind.UNAVAILABLE, Kind.DEADLINE, Kind.THROTTLED, Kind.LOST_RESPONSE, Kind.DELAY}
)
_OF_DELIVERIES: Final = frozenset({Kind.DELAY, Kind.DUPLICATE, Kind.REORDER, Kind.LOST_ACK, Kind.KILL})
_OF_RUNS: Final = _OF_DELIVERIES - {Kind.REORDER}  # of a schedule: there is one at a time
KINDS: Final[Mapping[str, frozenset[Kind]]] = {
    "firestore": _OF_CALLS,
    "auth": _OF_CALLS,
    "pubsub": _OF_CALLS,
    "storage": _OF_CALLS,
    "mail": _OF_CALLS,
    "events": _OF_DELIVERIES,
    "scheduler": _OF_RUNS,
}
_DELAYS: Final[Mapping[Kind, float]] = {
    Kind.DEADLINE: 1.0,
    Kind.THROTTLED: 1.0,
    Kind.DELAY: 1.0,
    Kind.REORDER: 1.0,
    Kind.KILL: 0.05,
}
_LONGEST: Final = 600.0  # seconds
_MOST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Which of the calls that match fail.

    `call` is a glob over the names of calls: the method on gRPC (`Commit`), method and path on HTTP
    (`POST /v3/mail/send`), the function for `events` and `scheduler`. Of the matching calls each `every`-th fails, or
    each with a `probability`; at most `count` (None: any number). `delay` is in seconds and means what the kind says.
    """

    service: str
    kind: Kind
    call: str = "*"
    probability: float = 1.0
    every: int | None = None
    count: int | None = None
    delay: float = 0.0
    seed: int | None = None  # of this rule's draws; without one they follow from the seed of all rules

    def matches(self, service: str, call: str) -> bool:
        """Whether the rule is about this call."""
        return service == self.service and fnmatchcase(call, self.call)

    def to_json(self) -> dict[str, Any]:
        """As `of` reads it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def of(cls, values: object) -> Rule:
        """The rule of a JSON object.

        Raises:
            RuleError: it is none.
        """
        if not isinstance(values, dict):
            raise RuleError("a rule is an object such as {"
                            '"service": "firestore", "call": "Commit", "kind": "aborted"}')  # fmt: skip
        if unknown := set(values) - {field.name for field in fields(cls)}:
            raise RuleError(f"a rule has no {', '.join(sorted(map(str, unknown)))}")
        service = _one_of("service", values.get("service"), KINDS)
        kind = Kind(_one_of(f"kind of fault of {service}", values.get("kind"), KINDS[service]))
        call = values.get("call", "*")
        if not isinstance(call, str):
            raise RuleError("call is the name of a call, or a glob")
        every, probability = values.get("every"), values.get("probability")
        if every is not None and probability is not None:
            raise RuleError("a rule has either a probability or every, not both")
        return cls(
            service,
            kind,
            call,
            probability=_number("probability", probability, 1.0, 1.0),
            every=_whole("every", every, 1),
            count=_whole("count", values.get("count"), 1),
            delay=_number("delay", values.get("delay"), _DELAYS.get(kind, 0.0), _LONGEST),
            seed=_whole("seed", values.get("seed"), 0),
        )

    @classmethod
    def parse(cls, text: str) -> Rule:
        """The rule of a command line: `service=firestore,call=Commit,kind=aborted,probability=0.1,count=3`.

        Raises:
            RuleError: it is none.
        """
        values: dict[str, Any] = {}
        for part in text.split(","):
            name, equals, value = part.partition("=")
            if not equals:
                raise RuleError(f"{part!r} is not of the form name=value")
            values[name.strip()] = _figure(value.strip()) if name.strip() in _FIGURES else value.strip()
        return cls.of(values)


_FIGURES: Final = frozenset({"probability", "every", "count", "delay", "seed"})


def _figure(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _one_of(what: str, value: object, known: Mapping[str, object] | frozenset[Kind]) -> str:
    if not isinstance(value, str) or value not in set(map(str, known)):
        raise RuleError(f"{value!r} is no {what}, which are {', '.join(sorted(map(str, known)))}")
    return value


def _number(name: str, value: object, default: float, most: float) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise RuleError(f"{name} is a number from 0 to {most:g}")
    return float(value)


def _whole(name: str, value: object, least: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise RuleError(f"{name} is a whole number from {least} to {_MOST}")
    return value
