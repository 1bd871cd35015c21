"""What rules that cannot be compiled, and expressions that cannot be evaluated, raise."""

from __future__ import annotations

from dataclasses import dataclass


class RulesError(Exception):
    """The source was refused.

    `line` and `column` count from 1; `message` is one sentence; the text of the exception is "line:column message".
    """

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column} {message}")
        self.line = line
        self.column = column
        self.message = message


class EvaluationError(Exception):
    """An expression has no value: the rule that needs it does not allow. Never leaves the package."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something in accepted rules that their author should know; as the warnings of `projects.test`, Rules API."""

    line: int
    column: int
    message: str
