"""Why a request was allowed or denied: which rules matched, what each came to, and which parts of it decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.rules.errors import EvaluationError
from emulator.rules.evaluation import Step
from emulator.rules.nodes import Call, Expression, ListLiteral, Literal, Logical, Member, Ternary, Unary
from emulator.rules.render import show
from emulator.rules.source import Source
from emulator.rules.values import Unknown

_MAX_REASONS: Final = 5
_MAX_REASONS_TRUE: Final = 3  # an allowed request needs no defence
FILES: Final = {"cloud.firestore": "firestore.rules", "firebase.storage": "storage.rules"}


@dataclass(frozen=True, slots=True)
class Reason:
    """An expression that decided: its text and place, its outcome, the values in it, and the error if it had none."""

    source: str
    line: int
    column: int
    outcome: str
    values: tuple[tuple[str, str], ...] = ()
    error: str | None = None

    def text(self) -> str:
        """One clause."""
        if self.outcome == "error":
            told = f"{self.source}: {self.error}"
        elif self.outcome == "unknown":
            told = f"{self.source} is unknown: the query does not prove it"
        else:
            told = f"{self.source} is {self.outcome}"
        known = ", ".join(f"{name} = {value}" for name, value in self.values)
        return f"{told} ({known})" if known else told


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """An `allow` that applies to the path and the method: "true", "false", "error" or "unknown", and why."""

    line: int
    column: int
    method: str
    outcome: str
    reasons: tuple[Reason, ...] = ()

    def cause(self) -> str:
        """The outcome in the words of the official emulator."""
        if self.outcome in ("true", "false") or not self.reasons:
            return self.outcome
        reason = self.reasons[0]
        return reason.error or f"evaluation error at L{reason.line}:{reason.column}"

    def text(self, file: str) -> str:
        """One line."""
        place = f"{file}:{self.line}:{self.column} allow {self.method}: {self.outcome}"
        if not self.reasons:
            return place
        clauses = [
            reason.text() if reason.line == self.line else f"{reason.text()} [{reason.line}:{reason.column}]"
            for reason in self.reasons
        ]
        return f"{place} because {'; and '.join(clauses)}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a decision rests on. `notes` say what is not of one rule; `debugged` is what `debug()` was called with."""

    allowed: bool
    service: str
    method: str
    path: str
    rules: tuple[RuleOutcome, ...]
    notes: tuple[str, ...] = ()
    debugged: tuple[str, ...] = ()

    def summary(self) -> str:
        """What the official emulator tells the client of a denial: "false for 'get' @ L5, Null value error. for ...".

        For the message of PERMISSION_DENIED; it holds no values.
        """
        if self.notes:
            return " ".join(self.notes)
        if not self.rules:
            return "No matching allow statements"
        return ", ".join(f"{rule.cause()} for '{self.method}' @ L{rule.line}" for rule in self.rules)

    def text(self) -> str:
        """A few lines for people: the request, then each rule that applied."""
        file = FILES[self.service]
        lines = [f"{self.method} {self.path} is {'allowed' if self.allowed else 'denied'}."]
        lines += [rule.text(file) for rule in self.rules]
        if not self.rules and not self.allowed:
            lines.append(f"{file}: no allow {self.method} applies to the path.")
        lines += self.notes
        lines += [f"debug: {value}" for value in self.debugged]
        return "\n".join(lines)


def outcome_of(value: Any) -> str:
    """The sort of a value as that of a condition."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return "unknown" if isinstance(value, Unknown) else "error" if isinstance(value, EvaluationError) else "other"


class Explainer:
    """Makes reasons of steps."""

    def __init__(self, source: Source, token: object) -> None:
        self._source = source
        self._token = token

    def reasons(self, step: Step) -> tuple[Reason, ...]:
        """The expressions that decided about a condition, at most a few."""
        found: list[Reason] = []
        for leaf in _deciding(step):
            reason = self._reason(leaf)
            if reason not in found:
                found.append(reason)
        return tuple(found[: _MAX_REASONS_TRUE if step.outcome is True else _MAX_REASONS])

    def _reason(self, step: Step) -> Reason:
        node, outcome = step.node, step.outcome
        line, column = self._source.position(node.start)
        text = self._source.snippet(node.start, node.end)
        if isinstance(outcome, EvaluationError):
            return Reason(text, line, column, "error", (), str(outcome))
        if outcome_of(outcome) == "other":
            return Reason(text, line, column, f"{show(outcome, token=self._token)}, not a bool")
        return Reason(text, line, column, outcome_of(outcome), self._values(step))

    def _values(self, step: Step) -> tuple[tuple[str, str], ...]:
        if isinstance(step.node, Literal | Member):
            return ()
        return tuple(
            (self._source.snippet(part.node.start, part.node.end, 60), show(part.outcome, token=self._token))
            for part in step.steps
            if not _is_constant(part.node) and not isinstance(part.outcome, EvaluationError)
        )


def _is_constant(node: Expression) -> bool:
    return isinstance(node, Literal) or (isinstance(node, ListLiteral) and all(map(_is_constant, node.items)))


def _deciding(step: Step) -> Iterable[Step]:
    """The innermost expressions that the outcome of this one rests on."""
    parts = _parts_that_decide(step)
    if not parts:
        return [step]
    return [leaf for part in parts for leaf in _deciding(part)]


def _parts_that_decide(step: Step) -> list[Step]:
    node, steps = step.node, step.steps
    if isinstance(step.outcome, EvaluationError):
        return [part for part in steps if part.outcome is step.outcome][:1]
    if isinstance(node, Logical):
        return _operands(node, step)
    if isinstance(node, Unary) and node.operator == "!":
        return steps
    if isinstance(node, Ternary):
        return steps[-1:] + steps[:1] if len(steps) == 2 else steps[:1]
    if isinstance(node, Call) and steps and not any(steps[-1].node is argument for argument in node.arguments):
        return steps[-1:]  # a function of the rules: its result
    return []


def _operands(node: Logical, step: Step) -> list[Step]:
    wanted = outcome_of(step.outcome)
    found = [part for part in step.steps if outcome_of(part.outcome) == wanted]
    one_suffices = wanted == ("true" if node.operator == "||" else "false")
    return found[-1:] if one_suffices else found
