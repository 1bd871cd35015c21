"""What applicants and administrators see of an application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.domain.applications import Application, ApplicationStatus, Certifications, Decision
from shared.domain.base import Model, UtcDatetime
from shared.domain.paging import Cursor
from shared.ports.store import USERS, Work


class Remark(Model):
    """What was said to an application. Who said it, the applicant does not learn: the team answers, not a person."""

    decision: Decision
    comment: str
    at: UtcDatetime


class OwnApplication(Model):
    """An application as its applicant sees it."""

    id: str
    status: ApplicationStatus
    motivation: str
    experience: str
    certifications: Certifications
    reviews: list[Remark]
    created_at: UtcDatetime
    updated_at: UtcDatetime
    decided_at: UtcDatetime | None
    version: int

    @classmethod
    def of(cls, application: Application) -> OwnApplication:
        """The applicant's own view."""
        remarks = [Remark(decision=one.decision, comment=one.comment, at=one.at) for one in application.reviews]
        others = {name: getattr(application, name) for name in cls.model_fields if name != "reviews"}
        return cls(**others, reviews=remarks)


class OwnPage(Model):
    """One page of one's own applications, and the cursor of the next; null at the end."""

    items: list[OwnApplication]
    next_cursor: str | None = None


class ReviewShown(Remark):
    """What was said, and by whom. The name is the present one; null when the person is gone."""

    reviewer_id: str
    reviewer_name: str | None


class ShownApplication(Model):
    """An application as administrators see it."""

    id: str
    applicant_id: str
    applicant_name: str
    status: ApplicationStatus
    motivation: str
    experience: str
    certifications: Certifications
    reviews: list[ReviewShown]
    created_at: UtcDatetime
    updated_at: UtcDatetime
    decided_at: UtcDatetime | None
    version: int

    @classmethod
    def of(cls, application: Application, names: Mapping[str, str]) -> ShownApplication:
        """The administrators' view; `names` are the reviewers' by uid."""
        reviews = [
            ReviewShown(**one.model_dump(), reviewer_name=names.get(one.reviewer_id)) for one in application.reviews
        ]
        others = {name: getattr(application, name) for name in cls.model_fields if name != "reviews"}
        return cls(**others, reviews=reviews)


class ApplicationPage(Model):
    """One page of applications, and the cursor of the next; null at the end."""

    items: list[ShownApplication]
    next_cursor: str | None = None


def reviewer_names(work: Work, applications: Iterable[Application]) -> dict[str, str]:
    """The present names of everybody who reviewed one of them, by uid."""
    uids = sorted({review.reviewer_id for application in applications for review in application.reviews})
    people = [work.get(USERS, uid) for uid in uids]
    return {person.uid: person.display_name for person in people if person is not None}


def next_cursor(found: list[Application], limit: int) -> str | None:
    """The cursor behind the page, when more than the page was found."""
    return Cursor(found[limit - 1].created_at, found[limit - 1].id).encode() if len(found) > limit else None
