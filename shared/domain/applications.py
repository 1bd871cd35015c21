"""Applications to the security team: what one is, when one may apply, and what its states become.

Names of reviewers are not part of it: the applicant reads the document, and learns what was said, not who said it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, computed_field, field_validator, model_validator

from shared.domain.base import Line, Model, Text, UtcDatetime
from shared.domain.errors import ConflictError
from shared.domain.incident import Uid
from shared.domain.people import Name, User, search_terms, words_of
from shared.domain.permissions import Role

WAIT_AFTER_REJECTION = timedelta(days=30)
"""A month is what it takes to learn something that changes the answer; asking sooner repeats the question only."""
MOST_IN_A_WINDOW = 3
WINDOW = timedelta(days=30)
"""Each application mails the administrators: withdrawing and applying again must not become a way to flood them."""
MOST_REVIEWS = 20
"""Decisions kept in one application: who was asked that often is better spoken to."""


class ApplicationStatus(StrEnum):
    """Where an application stands. Pending and info_requested are open, the others final."""

    PENDING = "pending"
    INFO_REQUESTED = "info_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN = (ApplicationStatus.PENDING, ApplicationStatus.INFO_REQUESTED)


class Decision(StrEnum):
    """What an administrator can say to an application."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_INFO = "request_info"


STATUS_AFTER = {
    Decision.APPROVE: ApplicationStatus.APPROVED,
    Decision.REJECT: ApplicationStatus.REJECTED,
    Decision.REQUEST_INFO: ApplicationStatus.INFO_REQUESTED,
}

Motivation = Annotated[Text, Field(min_length=10, max_length=5000, description="Why you want to be on the team")]
Experience = Annotated[Text, Field(max_length=5000, description="What you did that helps")]
Certification = Annotated[Line, Field(min_length=1, max_length=200)]
Certifications = Annotated[list[Certification], Field(max_length=20)]
Comment = Annotated[Text, Field(max_length=2000, description="Needed to reject and to ask; the applicant reads it")]


class ApplicationWords(Model):
    """What an applicant says of themselves."""

    motivation: Motivation = Field(
        examples=["I handle the phishing reports of my department and want to do for everybody what I do for us."]
    )
    experience: Experience = ""
    certifications: Certifications = Field(default=[], examples=[["CompTIA Security+, 2025"]])


class Review(Model):
    """One word of an administrator on an application."""

    decision: Decision
    comment: Comment = ""
    reviewer_id: Uid
    at: UtcDatetime


class Application(Model):
    """The document `applications/{id}`; its id is `{applicant_id}-{number}`, so that two at once want the same one.

    `request_key` and `request_hash` are SHA-256 of the Idempotency-Key (with its owner) and of the words it came with.
    `applicant_name` is the name at the time.
    """

    id: str
    applicant_id: Uid
    applicant_name: Name
    motivation: Motivation
    experience: Experience = ""
    certifications: Certifications = []
    status: ApplicationStatus = ApplicationStatus.PENDING
    reviews: list[Review] = []
    request_key: str | None = None
    request_hash: str | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    decided_at: UtcDatetime | None = None
    version: Annotated[int, Field(ge=1)] = 1

    @computed_field  # type: ignore[prop-decorator]  # as pydantic's own documentation has it
    @property
    def search_terms(self) -> list[str]:
        """What the application is found by; kept in the document, never read from it."""
        return search_terms(self.applicant_name)

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: kept for name, kept in value.items() if name != "search_terms"}

    @property
    def words(self) -> ApplicationWords:
        """What the applicant says."""
        return ApplicationWords(**{name: getattr(self, name) for name in ApplicationWords.model_fields})

    @property
    def number(self) -> int:
        """Which of the person's applications it is, from 1 on."""
        return int(self.id.rsplit("-", 1)[1])

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody."""
        return self.status in OPEN

    def moved(self, now: datetime, **changes: Any) -> Application:
        """The next version, with the changes."""
        return self.model_copy(update={**changes, "updated_at": now, "version": self.version + 1})


class ReviewRequest(Model):
    """What an administrator decides."""

    decision: Decision
    comment: Comment = Field(default="", validate_default=True)

    @field_validator("comment")
    @classmethod
    def _said(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("decision") in {Decision.REJECT, Decision.REQUEST_INFO}:
            raise ValueError("say why, or what is missing: the applicant reads it")
        return value


class Eligibility(Model):
    """Whether one can apply; if not, why (`code` for programs, `reason` for people) and from when on one may."""

    can_apply: bool
    code: str | None = Field(default=None, examples=["wait_after_rejection"])
    reason: str | None = None
    retry_at: UtcDatetime | None = None
    application_id: str | None = Field(default=None, description="The open one")


class CannotApplyError(ConflictError):
    """The rules of applying are against it."""

    def __init__(self, answer: Eligibility) -> None:
        super().__init__(answer.reason or "")
        self.code = answer.code
        self.answer = answer


@dataclass(frozen=True, slots=True)
class ApplicationFilter:
    """Which applications. `q` holds beginnings of words of the applicant's name: all have to fit."""

    statuses: tuple[ApplicationStatus, ...] = OPEN
    q: str | None = None

    @property
    def words(self) -> list[str]:
        """The words that have to fit, the longest first: it lets the fewest through."""
        return sorted(words_of(self.q or ""), key=len, reverse=True)


def eligibility(user: User, earlier: Sequence[Application], now: datetime) -> Eligibility:
    """Whether the person may apply, `earlier` being all their applications."""
    not_ever = _excluded(user)
    if not_ever is not None:
        return not_ever
    still_open = next((one for one in earlier if one.is_open), None)
    if still_open is not None:
        reason = "You have an open application: change or withdraw it instead"
        return Eligibility(can_apply=False, code="application_open", reason=reason, application_id=still_open.id)
    if any(one.status is ApplicationStatus.APPROVED for one in earlier):
        return _no("approved_before", "You were approved before: ask an administrator to add you to the team again")
    return _waiting(earlier, now) or Eligibility(can_apply=True)


def _excluded(user: User) -> Eligibility | None:
    if user.disabled:
        return _no("account_disabled", "Your account is disabled")
    if user.role is Role.SECURITY_TEAM:
        return _no("already_on_team", "You are on the security team already")
    if user.role is not Role.EMPLOYEE:
        return _no("not_an_employee", "Only employees apply; administrators have the team's rights already")
    return None


def _waiting(earlier: Sequence[Application], now: datetime) -> Eligibility | None:
    rejected = [one.decided_at for one in earlier if one.status is ApplicationStatus.REJECTED and one.decided_at]
    after_rejection = max(rejected) + WAIT_AFTER_REJECTION if rejected else now
    recent = sorted(one.created_at for one in earlier)[-MOST_IN_A_WINDOW:]
    after_many = recent[0] + WINDOW if len(recent) == MOST_IN_A_WINDOW else now
    retry_at = max(after_rejection, after_many)
    if retry_at <= now:
        return None
    when = f"You can apply again from {retry_at:%Y-%m-%d %H:%M} UTC on"
    if after_rejection >= after_many:
        return _no("wait_after_rejection", f"Your last application was rejected. {when}", retry_at)
    return _no("too_many_applications", f"You applied {MOST_IN_A_WINDOW} times in {WINDOW.days} days. {when}", retry_at)


def _no(code: str, reason: str, retry_at: datetime | None = None) -> Eligibility:
    return Eligibility(can_apply=False, code=code, reason=reason, retry_at=retry_at)
