"""The use cases over one implementation of the store, with a few people in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from shared.domain.applications import Application, ApplicationFilter, ApplicationWords, Decision, ReviewRequest
from shared.domain.base import Model
from shared.domain.errors import UnavailableError
from shared.domain.paging import Cursor
from shared.domain.people import Channels, Identity, Notifications, Origin, User
from shared.domain.permissions import Role
from shared.ports.applications import APPLICATIONS, Applications
from shared.ports.store import AUDIT, OUTBOX, USERS, Kind, Store
from shared.services.applications import ApplicationReading, Applying, Reviewing
from shared.services.applications.views import ShownApplication
from shared.services.audit import AuditTrail
from tests.builders import user
from tests.fakes import CountingIds, FakeCipher, FakeClock, FakeStore, FakeWork

M = TypeVar("M", bound=Model)
T = TypeVar("T")
URL = "https://secura.example.org"
MOTIVATION = "I look after the phishing reports of my department and want to do more."
WORDS = ApplicationWords(motivation=MOTIVATION, experience="Two years.", certifications=["Security+"])
OTHER_WORDS = ApplicationWords(motivation=MOTIVATION + " Indeed.")
QUIET = Notifications(application_submitted=Channels(email=False), application_reviewed=Channels(email=False))


def who(uid: str, role: Role = Role.EMPLOYEE) -> Identity:
    return Identity(uid, f"{uid}@example.org", role, email_verified=True, origin=Origin("192.0.2.1", "test", "r1"))


EVE, FRED = who("eve"), who("fred")
ALEX, BEA = who("alex", Role.ADMIN), who("bea", Role.ADMIN)
PEOPLE = [
    user("eve", Role.EMPLOYEE, display_name="Eve Miller"),
    user("fred", Role.EMPLOYEE, display_name="Fred Mills"),
    user("ana", Role.SECURITY_TEAM),
    user("alex", Role.ADMIN, display_name="Alex Admin"),
    user("bea", Role.ADMIN, display_name="Bea Boss"),
    user("quiet", Role.ADMIN, notifications=QUIET),
    user("gone", Role.ADMIN, disabled=True),
]


def said(decision: Decision, comment: str = "Because of this.") -> ReviewRequest:
    return ReviewRequest(decision=decision, comment=comment)


APPROVE, REJECT, ASK = said(Decision.APPROVE), said(Decision.REJECT), said(Decision.REQUEST_INFO)


class FakeApplications:
    """The lists, over the documents of a FakeStore."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def of(self, applicant_id: str, limit: int, after: Cursor | None = None) -> list[Application]:
        own = [one for one in self._store.all(APPLICATIONS) if one.applicant_id == applicant_id]
        own.sort(key=_place, reverse=True)
        return [one for one in own if after is None or _place(one) < (after.created_at, after.id)][:limit]

    def find(self, where: ApplicationFilter, limit: int, after: Cursor | None = None) -> list[Application]:
        fits = [
            one
            for one in self._store.all(APPLICATIONS)
            if one.status in where.statuses and set(where.words) <= set(one.search_terms)
        ]
        fits.sort(key=_place)
        return [one for one in fits if after is None or _place(one) > (after.created_at, after.id)][:limit]


def _place(application: Application) -> tuple[Any, str]:
    return application.created_at, application.id


class RacingStore(FakeStore):
    """A FakeStore in which others act just before a commit: it is serialisable, so the body runs again then."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []
        self.runs = 0

    def run(self, body: Callable[[FakeWork], T]) -> T:
        while True:
            self.runs += 1
            seen = {name: dict(kept) for name, kept in self.documents.items()}
            work = FakeWork(self.documents)
            result = body(work)
            if self.meanwhile:
                self.meanwhile.pop(0)()
            if seen == self.documents:
                work.apply()
                return result


class FailingStore(FakeStore):
    """A FakeStore that fails at the next commits: before it (nothing is kept) or after it (the answer is lost)."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[str] = []

    def run(self, body: Callable[[FakeWork], T]) -> T:
        failure = self.failures.pop(0) if self.failures else None
        work = FakeWork(self.documents)
        result = body(work)
        if failure != "before":
            work.apply()
        if failure is not None:
            raise UnavailableError("cut off")
        return result


@dataclass
class World:
    """The use cases, and a look at what is kept."""

    store: Store
    applications: Applications
    clock: FakeClock = field(default_factory=FakeClock)
    followed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        trail = AuditTrail(FakeCipher(), self.clock, CountingIds())
        self.applying = Applying(self.store, trail, self.clock, URL)
        self.reviewing = Reviewing(self.store, trail, self.clock, with_second_factor, self.followed.append, URL)
        self.reading = ApplicationReading(self.applications, self.store, trail)

    def keep(self, *people: User) -> None:
        def body(work: Any) -> None:
            for person in people:
                work.put(USERS, person)

        self.store.run(body)

    def change(self, uid: str, **changes: Any) -> None:
        self.keep(self.person(uid).model_copy(update=changes))

    def remove(self, uid: str) -> None:
        self.store.run(lambda work: work.delete(USERS, uid))

    def get(self, kind: Kind[M], key: str) -> M | None:
        return self.store.run(lambda work: work.get(kind, key))

    def person(self, uid: str) -> User:
        person = self.get(USERS, uid)
        assert person is not None
        return person

    def application(self, key: str = "eve-1") -> Application:
        application = self.get(APPLICATIONS, key)
        assert application is not None
        return application

    def all(self, kind: Kind[M]) -> list[M]:
        return self.store.run(lambda work: work.find(kind, 1000))

    def actions(self, *wanted: str) -> list[str]:
        """The audited actions, in the order they were done in; only the wanted ones, when some are named."""
        done = [entry.action for entry in sorted(self.all(AUDIT), key=lambda entry: entry.id)]
        return [action for action in done if not wanted or action in wanted]

    def mails(self, kind: str) -> list[Any]:
        return [mail for mail in self.all(OUTBOX) if mail.kind == kind]

    def apply(self, person: Identity = EVE, key: str | None = None) -> Application:
        return self.applying.apply(person, WORDS, key).application

    def review(self, request: ReviewRequest, by: Identity = ALEX, id: str = "eve-1") -> ShownApplication:  # noqa: A002  # as the document's field
        return self.reviewing.review(by, id, request)


def with_second_factor(person: User) -> User:
    return person.model_copy(update={"second_factor_required": person.role is not Role.EMPLOYEE})


def fake_world(store: FakeStore | None = None) -> World:
    store = store or FakeStore()
    world = World(store, FakeApplications(store))
    world.keep(*PEOPLE)
    return world
