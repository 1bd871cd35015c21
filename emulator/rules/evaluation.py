"""The state of one evaluation: what the compiled expressions read, count and leave behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.rules.errors import EvaluationError
from emulator.rules.limits import CALL_DEPTH, DOCUMENT_ACCESSES, EXPRESSIONS
from emulator.rules.nodes import Expression
from emulator.rules.requests import AccessBudget, Documents
from emulator.rules.values import UNKNOWN, Path, Unknown, type_error


class LimitExceededError(Exception):
    """Production's bounds were passed: the whole request is refused, whatever other rules say."""


@dataclass(slots=True)
class Step:
    """What became of one expression: a value, or the EvaluationError; and the steps that it took."""

    node: Expression
    outcome: Any
    steps: list[Step]


class Reader:
    """Reads documents for rules, once each, within the limits. Keeps what it read: an explanation sees the same."""

    __slots__ = ("_budgets", "_documents", "_free", "_read")

    def __init__(self, documents: Documents, own: tuple[Any, ...], budget: AccessBudget | None) -> None:
        """`own`: the path of the document that the request is for, whose reads do not count."""
        self._documents = documents
        self._budgets = (
            [AccessBudget(DOCUMENT_ACCESSES)] if budget is None else [AccessBudget(DOCUMENT_ACCESSES), budget]
        )
        self._free = {own} if budget is None else {own, *budget.free}
        self._read: dict[tuple[str, tuple[str, ...]], Any] = {}

    def read(self, path: Any, *, after: bool) -> Any:
        """The document at a path, null if there is none. Raises EvaluationError, LimitExceededError."""
        if type(path) is not Path:
            if isinstance(path, Unknown):
                return UNKNOWN
            raise type_error(path, "path")
        segments = path.known()
        key = ("after" if after else "now", segments)
        if key not in self._read:
            self._check(segments)
            found = self._documents.get_after(segments) if after else self._documents.get(segments)
            self._read[key] = None if found is None else dict(found)
        return self._read[key]

    def _check(self, segments: tuple[str, ...]) -> None:
        if len(segments) < 5 or len(segments) % 2 == 0 or segments[0] != "databases" or segments[2] != "documents":
            text = "/" + "/".join(segments)
            raise EvaluationError(f"Not the path of a document: [{text}].")
        for budget in self._budgets if segments not in self._free else ():
            if not budget.take(segments):
                raise LimitExceededError(f"More than {budget.limit} documents were read by get() and exists().")


@dataclass(slots=True)
class Context:
    """What one evaluation of conditions goes on.

    `frame` holds the arguments and variables of the function that runs, `wildcards` the captures of the matched path.
    `trace` is None unless steps are recorded; expressions are counted only then.
    """

    request: dict[str, Any]
    resource: Any
    reader: Reader
    wildcards: list[Any] = field(default_factory=list)
    frame: list[Any] = field(default_factory=list)
    depth: int = 0
    trace: list[Step] | None = None
    symbolic: bool = False  # there may be unknown values
    evaluated: int = 0
    debugged: list[Any] = field(default_factory=list)

    def count(self) -> None:
        """One more expression is evaluated. Raises LimitExceededError."""
        self.evaluated += 1
        if self.evaluated > EXPRESSIONS:
            raise LimitExceededError(f"More than {EXPRESSIONS} expressions were evaluated.")

    def enter(self) -> None:
        """One function deeper. Raises LimitExceededError."""
        self.depth += 1
        if self.depth > CALL_DEPTH:
            raise LimitExceededError(f"Functions call each other more than {CALL_DEPTH} deep.")


Closure = Callable[[Context], Any]
