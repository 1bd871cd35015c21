"""An administrator decides on an application: everything that follows from it is one transaction."""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.applications import (
    MOST_REVIEWS,
    STATUS_AFTER,
    Application,
    ApplicationStatus,
    Decision,
    Review,
    ReviewRequest,
)
from shared.domain.audit import AuditTarget, changes_between
from shared.domain.errors import ConflictError, ForbiddenError, NotFoundError, VersionConflictError
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.domain.team import is_active_admin, with_role
from shared.ports.applications import APPLICATIONS
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.services.accounts.plain import PLAIN_FIELDS
from shared.services.accounts.synchronizing import revoked_in, whole_second
from shared.services.applications.mails import reviewed_mail
from shared.services.applications.recording import application_entry
from shared.services.applications.views import ShownApplication, reviewer_names
from shared.services.audit import AuditTrail

_DID = {
    Decision.APPROVE: "approved it",
    Decision.REJECT: "rejected it",
    Decision.REQUEST_INFO: "asked for more information",
}


class StaleReviewError(VersionConflictError):
    """The application is not what the reviewer looked at; the text tells who changed it."""

    def __init__(self, expected: int, current: ShownApplication, told: str) -> None:
        super().__init__(expected, current.version, current=current.model_dump(mode="json"))
        self.args = (f"You looked at version {expected}, it is at version {self.actual}: {told}",)


class AlreadyDecidedError(ConflictError):
    """The application is closed; the text tells who closed it."""

    code = "already_decided"


class CannotJoinError(ConflictError):
    """The applicant is not what they were when they applied."""

    code = "applicant_cannot_join"


class Reviewing:
    """Decides. On approval the role, the end of older sessions, the audit entries and the mail come with it.

    `with_policy` gives a person in a new role what the settings ask of that role; `settle` brings their account to what
    the user document says, as the trigger on it would a moment later.
    """

    def __init__(  # what an approval touches
        self,
        store: Store,
        trail: AuditTrail,
        clock: Clock,
        with_policy: Callable[[User], User],
        settle: Callable[[str], None],
        public_url: str,
    ) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock
        self._with_policy = with_policy
        self._settle = settle
        self._public_url = public_url

    def review(
        self, who: Identity, application_id: str, request: ReviewRequest, expected_version: int | None = None
    ) -> ShownApplication:
        """The application with the decision made. The same one by the same person again changes nothing.

        Raises:
            ForbiddenError: the reviewer administers no more, or it is their own.
            NotFoundError: there is no such application.
            StaleReviewError: it is not at `expected_version` any more.
            AlreadyDecidedError: it was decided or withdrawn.
            CannotJoinError: the applicant was deleted, disabled or given a role meanwhile.
            ConflictError: it was reviewed too often.
        """

        def body(work: Work) -> ShownApplication:
            before = _reviewable(work, who, application_id)
            applicant = work.get(USERS, before.applicant_id)
            names = reviewer_names(work, [before])
            if _is_repeated(before, who, request):
                return ShownApplication.of(before, names)
            _check_state(before, names, expected_version)
            if request.decision is not Decision.REJECT:
                _check_applicant(applicant)
            after = self._decided(who, before, request)
            work.put(APPLICATIONS, after)
            verb = STATUS_AFTER[request.decision]
            work.create(AUDIT, application_entry(self._trail, who, verb, before, after, request.comment))
            if applicant is not None:
                self._follow_up(work, who, after, applicant)
            return ShownApplication.of(after, names | reviewer_names(work, [after]))

        reviewed = self._store.run(body)
        if reviewed.status is ApplicationStatus.APPROVED:
            self._settle(reviewed.applicant_id)
        return reviewed

    def _decided(self, who: Identity, before: Application, request: ReviewRequest) -> Application:
        now = self._clock.now()
        review = Review(decision=request.decision, comment=request.comment, reviewer_id=who.uid, at=now)
        return before.moved(
            now,
            status=STATUS_AFTER[request.decision],
            reviews=[*before.reviews, review],
            decided_at=None if request.decision is Decision.REQUEST_INFO else now,
        )

    def _follow_up(self, work: Work, who: Identity, application: Application, applicant: User) -> None:
        if application.status is ApplicationStatus.APPROVED:
            self._grant(work, who, applicant)
        mail = reviewed_mail(application, applicant, self._public_url)
        if mail is not None:
            work.create(OUTBOX, mail)

    def _grant(self, work: Work, who: Identity, applicant: User) -> None:
        now = self._clock.now()
        granted = self._with_policy(with_role(applicant, Role.SECURITY_TEAM)).model_copy(update={"updated_at": now})
        # Sessions of before carry the old role, and no second factor where the new role asks for one.
        granted = revoked_in(work, granted, whole_second(now))
        entry = self._trail.entry(
            who,
            "user:role_changed",
            AuditTarget(kind="user", id=applicant.uid),
            subject=applicant.uid,
            changes=changes_between(applicant, granted, PLAIN_FIELDS),
        )
        work.create(AUDIT, entry)


def _reviewable(work: Work, who: Identity, application_id: str) -> Application:
    reviewer = work.get(USERS, who.uid)
    if reviewer is None or not is_active_admin(reviewer):
        raise ForbiddenError("Only administrators decide on applications")
    application = work.get(APPLICATIONS, application_id)
    if application is None:
        raise NotFoundError("There is no such application")
    if application.applicant_id == who.uid:
        raise ForbiddenError("Nobody decides on their own application")
    return application


def _is_repeated(application: Application, who: Identity, request: ReviewRequest) -> bool:
    """Whether the last thing that happened was exactly this, as when an answer was lost on its way."""
    if not application.reviews or application.status is not STATUS_AFTER[request.decision]:
        return False
    last = application.reviews[-1]
    return (last.reviewer_id, last.decision, last.comment) == (who.uid, request.decision, request.comment)


def _check_state(application: Application, names: dict[str, str], expected_version: int | None) -> None:
    told = _last_act(application, names)
    if expected_version is not None and application.version != expected_version:
        raise StaleReviewError(expected_version, ShownApplication.of(application, names), told)
    if not application.is_open:
        raise AlreadyDecidedError(f"The application is {application.status}: {told}")
    if len(application.reviews) >= MOST_REVIEWS:
        raise ConflictError(f"There are {MOST_REVIEWS} reviews of it: speak with the applicant, they may apply again")


def _check_applicant(applicant: User | None) -> None:
    if applicant is None:
        raise CannotJoinError("The applicant's account was deleted: the application can only be rejected")
    if applicant.disabled:
        raise CannotJoinError("The applicant's account is disabled: enable it first, or reject the application")
    if applicant.role is not Role.EMPLOYEE:
        role = applicant.role.replace("_", " ")
        raise CannotJoinError(f"The applicant has the role {role} already: the application can only be rejected")


def _last_act(application: Application, names: dict[str, str]) -> str:
    """Who did what to it last, and when, as a sentence for administrators."""
    last = application.reviews[-1] if application.reviews else None
    if last is not None and application.status is STATUS_AFTER[last.decision]:
        name = names.get(last.reviewer_id, "An administrator who is gone")
        return f"{name} {_DID[last.decision]} at {last.at:%Y-%m-%d %H:%M} UTC"
    did = "withdrew it" if application.status is ApplicationStatus.WITHDRAWN else "wrote it"
    return f"{application.applicant_name} {did} at {application.updated_at:%Y-%m-%d %H:%M} UTC"
