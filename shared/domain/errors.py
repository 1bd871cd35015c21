"""What can go wrong, as types that carry their context. `shared.entry.problems` maps each to one HTTP answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class SecuraError(Exception):
    """Root of every expected failure. Its text may be shown to the caller: no secret, no foreign data.

    `code` names, for programs, what the text says to people, where the HTTP status alone does not.
    """

    code: str | None = None


NO_TOKEN = "no token"  # noqa: S105  # a reason, not a secret


class NotAuthenticatedError(SecuraError):
    """No credential, or one that does not hold."""

    def __init__(self, reason: str = NO_TOKEN, code: str | None = None) -> None:
        super().__init__("Not authenticated")
        self.reason = reason  # for the log, not for the caller
        self.code = code


class ForbiddenError(SecuraError):
    """Known who asks, and they may not."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class NotFoundError(SecuraError):
    """It does not exist, or the caller may not know that it does."""


class InvalidInputError(SecuraError):
    """The caller sent something that cannot be used.

    `fields` holds one sentence per offending field, keyed by its dotted path.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class ConflictError(SecuraError):
    """The request contradicts what is stored."""


class IllegalTransitionError(ConflictError):
    """A status change that the lifecycle does not allow; the text names the ones it does."""

    def __init__(self, current: str, wanted: str, legal: Sequence[str]) -> None:
        options = ", ".join(legal) if legal else "none"
        super().__init__(f"An incident cannot go from {current} to {wanted}; from {current} it can go to: {options}")
        self.legal = tuple(legal)


class VersionConflictError(SecuraError):
    """Somebody else changed it first (optimistic concurrency).

    Where it is known, `told` says who changed what, `current` is what is there now, as the caller may see it, and
    `changes` the fields that differ, each with its `field`, `old` and `new`: all of it JSON values.
    """

    def __init__(
        self,
        expected: int,
        actual: int,
        told: str = "",
        current: Mapping[str, Any] | None = None,
        changes: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        text = f"The incident is at version {actual}, your change was made on version {expected}"
        super().__init__(f"{text}: {told}" if told else text)
        self.expected = expected
        self.actual = actual
        self.current = current
        self.changes = changes


class PreconditionRequiredError(SecuraError):
    """The change must say which version it was made on."""


class IdempotencyMismatchError(SecuraError):
    """The same Idempotency-Key came with a different request."""


class TooManyConflictsError(SecuraError):
    """A transaction lost every one of its tries; the caller may try again later."""


class UnavailableError(SecuraError):
    """A service that is needed does not answer; the caller may try again later."""


class RetryLaterError(SecuraError):
    """An event cannot be handled yet; raising it makes the platform deliver it again."""


class TamperedError(SecuraError):
    """Kept data is not what was kept: a ciphertext, a hash or a signature does not fit."""


class TooManyRequestsError(SecuraError):
    """A rate limit is used up; `retry_after` says in how many whole seconds (at least 1) there is room again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests: try again in {retry_after} s")
        self.retry_after = retry_after


class LanguageModelError(UnavailableError):
    """The language model gives no answer that can be used. Nothing depends on it: the caller goes on without one."""

    code = "language_model_unavailable"


class NotConfiguredError(LanguageModelError):
    """No language model is switched on, or its settings cannot be used; the text names them."""

    code = "language_model_not_configured"


class KeptBackError(LanguageModelError):
    """The text stays here: its marking, its length or a secret in it does not let it leave."""

    code = "language_model_kept_back"


class BudgetExhaustedError(LanguageModelError):
    """Asking could exceed what may be spent today (UTC)."""

    code = "language_model_budget_exhausted"


class BlockedAnswerError(LanguageModelError):
    """The provider's safety filters withheld the answer."""

    code = "language_model_blocked"


class BadAnswerError(LanguageModelError):
    """An answer came that is not what was asked for: its form, its length or what it says."""

    code = "language_model_bad_answer"
