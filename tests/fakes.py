"""Fakes of every port, held to the same contract as the real adapters by tests/contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, cast

from shared.domain.base import Model
from shared.domain.duplicates import Candidate
from shared.domain.errors import ConflictError, NotAuthenticatedError, NotFoundError, TamperedError, UnavailableError
from shared.domain.incident import Incident
from shared.domain.inspection import ScanResult, ScanVerdict
from shared.domain.listing import IncidentFilter
from shared.domain.mail import MailMessage, OutboxMail
from shared.domain.observables import ObservableType
from shared.domain.paging import Cursor
from shared.domain.people import Identity, User, VerifiedToken
from shared.domain.permissions import Role
from shared.domain.search import term, terms_of
from shared.domain.taxonomy import Status
from shared.domain.team import PersonFilter
from shared.domain.visibility import TEAM, scopes_of
from shared.ports.accounts import AccountState
from shared.ports.repositories import Receipt
from shared.ports.sightings import Seen, Sighting
from shared.ports.store import INCIDENTS, OUTBOX, USERS, Kind, New

T = TypeVar("T")
M = TypeVar("M", bound=Model)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    def wait_until(self, moment: datetime) -> None:
        self._now = max(self._now, moment)


class CountingIds:
    """id00000000000000001, …2 …"""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return f"id{self._last:018d}"


class _Kept(Generic[M]):
    """Documents of one kind; `store` holds them, so that what uses it too sees the same."""

    def __init__(self, kind: Kind[M], missing: str, store: FakeStore | None = None) -> None:
        self.store = store or FakeStore()
        self._kind = kind
        self._missing = missing

    @property
    def kept(self) -> dict[str, M]:
        """The documents by their ids."""
        return cast("dict[str, M]", self.store.documents.setdefault(self._kind.collection, {}))

    def get(self, key: str) -> M | None:
        return self.kept.get(key)

    def _add(self, key: str, value: M) -> bool:
        return self.kept.setdefault(key, value) is value

    def update(self, key: str, change: Callable[[M], M], beside: Callable[[M, M], Iterable[New]] | None = None) -> M:
        if key not in self.kept:
            raise NotFoundError(self._missing)
        before = self.kept[key]
        after = change(before)
        if after is not before:
            self._create_all(beside(before, after) if beside else ())
            self.kept[key] = after
        return after

    def _create_all(self, documents: Iterable[New]) -> None:
        def body(work: FakeWork) -> None:
            for kind, value in documents:
                work.create(kind, value)

        self.store.run(body)


class FakeIncidents(_Kept[Incident]):
    def __init__(self, store: FakeStore | None = None) -> None:
        super().__init__(INCIDENTS, "There is no such incident", store)
        self.receipts: dict[str, Receipt] = {}

    def add(self, incident: Incident, receipt: Receipt | None = None, beside: Iterable[New] = ()) -> Receipt | None:
        if receipt is not None and receipt.id in self.receipts:
            return self.receipts[receipt.id]
        if not self._add(incident.id, incident):
            raise ConflictError("There is an incident with this id already")
        self._create_all(beside)
        if receipt is not None:
            self.receipts[receipt.id] = receipt
        return None

    def find(self, where: IncidentFilter, limit: int, after: Cursor | None = None) -> list[Incident]:
        def fits(incident: Incident) -> bool:
            return (
                not set(where.terms).isdisjoint(terms_of(incident))
                and where.status in {None, incident.status}
                and where.severity in {None, incident.severity}
                and where.category in {None, incident.category}
                and where.reporter in {None, incident.reporter_id}
                and (where.since is None or incident.created_at >= where.since)
                and (where.until is None or incident.created_at < where.until)
            )

        newest_first = not where.oldest_first
        found = sorted(filter(fits, self.kept.values()), key=lambda i: (i.created_at, i.id), reverse=newest_first)
        if after is not None:
            place = (after.created_at, after.id)
            found = [
                i for i in found if ((i.created_at, i.id) < place) == newest_first and (i.created_at, i.id) != place
            ]
        return [_listed(one) for one in found[:limit]]


def _listed(incident: Incident) -> Incident:
    if incident.analysis is None:
        return incident
    analysis = incident.analysis
    categorization = analysis.categorization.model_copy(update={"alternatives": []})
    severity = analysis.severity.model_copy(update={"factors": []})
    short = analysis.model_copy(update={"categorization": categorization, "severity": severity})
    return incident.model_copy(update={"analysis": short})


class FakeUsers(_Kept[User]):
    def __init__(self, *users: User) -> None:
        super().__init__(USERS, "There is no such user")
        for user in users:
            self.add(user)

    def add(self, user: User) -> bool:
        return self._add(user.uid, user)

    def find(self, where: PersonFilter, limit: int, after: str | None = None) -> list[User]:
        def fits(user: User) -> bool:
            return (
                where.role in {None, user.role}
                and where.disabled in {None, user.disabled}
                and set(where.words) <= set(user.search_terms)
                and (after is None or user.email > after)
            )

        return sorted(filter(fits, self.kept.values()), key=lambda user: user.email)[:limit]

    def with_role(self, role: Role) -> list[User]:
        return [user for user in self.kept.values() if user.role is role and not user.disabled]


class FakeOutbox(_Kept[OutboxMail]):
    def __init__(self) -> None:
        super().__init__(OUTBOX, "There is no such mail")

    def add(self, mail: OutboxMail) -> bool:
        return self._add(mail.id, mail)


class FakePublisher:
    """Remembers what was published; `down` makes it fail."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, str]]] = []
        self.down = False

    def publish(self, topic: str, payload: Mapping[str, str]) -> None:
        if self.down:
            raise UnavailableError(f"Pub/Sub did not take the message for {topic}")
        self.published.append((topic, dict(payload)))


class FakeMailer:
    """Remembers what was sent; each of `failures` is raised once, in turn."""

    def __init__(self, *failures: Exception) -> None:
        self.sent: list[tuple[str, MailMessage]] = []
        self._failures = list(failures)

    def send(self, message: MailMessage, mail_id: str) -> str:
        if self._failures:
            raise self._failures.pop(0)
        self.sent.append((mail_id, message))
        return f"message-{len(self.sent)}"


class FakeAccounts:
    """Accounts by uid; `down` makes every call fail."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.accounts: dict[str, AccountState] = {}
        self.revoked: list[str] = []
        self.down = False

    def create(self, uid: str, email: str, password: str, display_name: str, *, verified: bool = False) -> None:
        self._check()
        if uid in self.accounts or self.uid_of(email) is not None:
            raise ConflictError("This address has an account already")
        self.accounts[uid] = AccountState(uid, email, verified, role=None, disabled=False)

    def state(self, uid: str) -> AccountState | None:
        self._check()
        return self.accounts.get(uid)

    def uid_of(self, email: str) -> str | None:
        self._check()
        return next((uid for uid, account in self.accounts.items() if account.email == email), None)

    def grant(self, uid: str, role: Role) -> None:
        self.change(uid, role=role)

    def set_disabled(self, uid: str, disabled: bool) -> None:  # as the port says
        self.change(uid, disabled=disabled)

    def revoke(self, uid: str) -> None:
        self.change(uid, sessions_valid_from=self.clock.now().replace(microsecond=0))
        self.revoked.append(uid)

    def remove_second_factors(self, uid: str) -> int:
        factors = self.accounts[uid].second_factors
        self.change(uid, second_factors=())
        return len(factors)

    def verification_link(self, email: str) -> str:
        if self.uid_of(email) is None:
            raise NotFoundError("There is no such account")
        return f"https://auth.example.org/verify?for={email}"

    def password_link(self, email: str) -> str:
        if self.uid_of(email) is None:
            raise NotFoundError("There is no such account")
        return f"https://auth.example.org/password?for={email}"

    def delete(self, uid: str) -> None:
        self._check()
        self.accounts.pop(uid, None)

    def change(self, uid: str, **changes: Any) -> None:
        self._check()
        if uid not in self.accounts:
            raise NotFoundError("There is no such account")
        self.accounts[uid] = replace(self.accounts[uid], **changes)

    def _check(self) -> None:
        if self.down:
            raise UnavailableError("The identity provider does not answer")


class FakeVerifier:
    """Takes `<role>:<uid>` for a token."""

    def verify(self, token: str) -> VerifiedToken:
        role, _, uid = token.partition(":")
        if role not in set(Role) or not uid:
            raise NotAuthenticatedError("invalid")
        identity = Identity(uid, f"{uid}@example.org", Role(role), email_verified=True, signed_in_at=START)
        return VerifiedToken(identity, START + timedelta(hours=1))


class FakeStore:
    """Documents by collection and id. A transaction works on a copy that takes the place of the original at its end."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Model]] = {}

    def run(self, body: Callable[[FakeWork], T]) -> T:
        work = FakeWork(self.documents)
        result = body(work)
        work.apply()
        return result

    def add(self, kind: Kind[M], *values: M) -> None:
        """Have these documents there from the start."""
        for value in values:
            self.documents.setdefault(kind.collection, {})[getattr(value, kind.id_field)] = value

    def all(self, kind: Kind[M]) -> list[M]:
        """Every document of the kind."""
        return [value for value in self.documents.get(kind.collection, {}).values() if isinstance(value, kind.model)]

    def get(self, kind: Kind[M], document_id: str) -> M | None:
        return FakeWork(self.documents).get(kind, document_id)

    def create(self, kind: Kind[M], value: M) -> None:
        self.run(lambda work: work.create(kind, value))


class FakeWork:
    def __init__(self, documents: dict[str, dict[str, Model]]) -> None:
        self._documents = documents
        self._writes: list[Callable[[dict[str, dict[str, Model]]], None]] = []

    def get(self, kind: Kind[M], document_id: str) -> M | None:
        found = self._documents.get(kind.collection, {}).get(document_id)
        return found if isinstance(found, kind.model) else None

    def find(self, kind: Kind[M], limit: int, **equal: object) -> list[M]:
        fits = [
            value
            for _, value in sorted(self._documents.get(kind.collection, {}).items())
            if isinstance(value, kind.model) and all(getattr(value, name) == wanted for name, wanted in equal.items())
        ]
        return fits[:limit]

    def create(self, kind: Kind[M], value: M) -> None:
        def write(documents: dict[str, dict[str, Model]]) -> None:
            kept = documents.setdefault(kind.collection, {})
            if getattr(value, kind.id_field) in kept:
                raise ConflictError("It is there already")
            now = {kind.server_time: START} if kind.server_time else {}
            kept[getattr(value, kind.id_field)] = value.model_copy(update=now)

        self._writes.append(write)

    def put(self, kind: Kind[M], value: M) -> None:
        key = getattr(value, kind.id_field)
        self._writes.append(lambda documents: documents.setdefault(kind.collection, {}).update({key: value}))

    def delete(self, kind: Kind[M], document_id: str) -> None:
        def write(documents: dict[str, dict[str, Model]]) -> None:
            documents.get(kind.collection, {}).pop(document_id, None)

        self._writes.append(write)

    def apply(self) -> None:
        """All of the writes, or none when one fails."""
        after = {name: dict(kept) for name, kept in self._documents.items()}
        for write in self._writes:
            write(after)
        self._documents.update(after)


class FakeCipher:
    """Marks what it "encrypts"; dropped subjects' values are gone."""

    def __init__(self) -> None:
        self.dropped: set[str] = set()

    def encrypt(self, subject: str, text: str, context: str) -> str:
        return f"enc({subject}|{context}|{text[::-1]})"

    def decrypt(self, subject: str, ciphertext: str, context: str) -> str | None:
        if subject in self.dropped:
            return None
        start = f"enc({subject}|{context}|"
        if not ciphertext.startswith(start):
            raise TamperedError("The value is not what was kept here")
        return ciphertext[len(start) : -1][::-1]

    def prepare(self, subjects: Iterable[str]) -> None:
        """Every key is at hand."""

    def drop(self, subject: str) -> bool:
        fresh = subject not in self.dropped
        self.dropped.add(subject)
        return fresh


class FakePersonalData:
    """Documents by collection: (uid, email) of whom they are about, and whether they stay."""

    def __init__(self) -> None:
        self.documents: dict[str, list[dict[str, Any]]] = {}
        self.down = False

    def collect(self, uid: str, email: str) -> dict[str, list[dict[str, Any]]]:
        return {name: [one for one in kept if one["of"] in {uid, email}] for name, kept in self.documents.items()}

    def count(self, uid: str, email: str) -> dict[str, int]:
        return {name: len(found) for name, found in self.collect(uid, email).items()}

    def erase(self, uid: str, email: str) -> None:
        if self.down:
            raise UnavailableError("The database does not answer")
        self.documents = {
            name: [one for one in kept if one["of"] not in {uid, email}] for name, kept in self.documents.items()
        }


class FakeLinkTokens:
    """Remembers what each token says and until when it holds."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.made: dict[str, tuple[str, dict[str, str], datetime]] = {}

    def make(self, purpose: str, claims: Mapping[str, str], lifetime: timedelta) -> str:
        token = f"link-{len(self.made) + 1}"
        self.made[token] = (purpose, dict(claims), self.clock.now() + lifetime)
        return token

    def read(self, purpose: str, token: str) -> Mapping[str, str]:
        made_for, claims, ends = self.made.get(token, ("", {}, self.clock.now()))
        if made_for != purpose or ends <= self.clock.now():
            raise NotFoundError("This link does not hold any more")
        return claims


class FakeScanner:
    """Finds one sequence of bytes; does not answer while `down`."""

    def __init__(self, name: str = "fake", bad: bytes = b"malicious", *, unpacking: bool = False) -> None:
        self.name = name
        self.bad = bad
        self.down = False
        self.unpacking = unpacking

    def unpacks(self, size: int) -> bool:
        return self.unpacking

    def begin(self, size: int | None) -> FakeScan:
        return FakeScan(self)

    def check(self) -> None:
        if self.down:
            raise UnavailableError("The malware scanner does not answer")


class FakeScan:
    """Keeps everything it is fed."""

    def __init__(self, scanner: FakeScanner) -> None:
        self._scanner = scanner
        self._data = b""
        scanner.check()

    def feed(self, chunk: bytes) -> None:
        self._scanner.check()
        self._data += chunk

    def finish(self) -> ScanResult:
        self._scanner.check()
        found = self._scanner.bad in self._data
        return ScanResult(
            scanner=self._scanner.name,
            version="1",
            verdict=ScanVerdict.INFECTED if found else ScanVerdict.CLEAN,
            signatures=["Fake.Signature"] if found else [],
        )

    def close(self) -> None:
        self._data = b""


class FakeSightings:
    """Looks through the incidents themselves."""

    def __init__(self, incidents: FakeIncidents) -> None:
        self._incidents = incidents

    def of(self, scopes: Sequence[str], observables: Sequence[tuple[ObservableType, str]], limit: int) -> list[Seen]:
        return [self._seen(set(scopes), key, limit) for key in observables]

    def _seen(self, scopes: set[str], key: tuple[ObservableType, str], limit: int) -> Seen:
        found = [
            one
            for one in self._incidents.kept.values()
            if not scopes.isdisjoint(scopes_of(one)) and any(trace.key == key for trace in one.observables)
        ]
        newest = sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)[:limit]
        shown = (Sighting(incident_id=one.id, reference=one.reference, created_at=one.created_at) for one in newest)
        return Seen(len(found), tuple(shown))


class FakeCandidates:
    """Looks through the incidents themselves; with `fails` it raises that instead."""

    def __init__(self, incidents: FakeIncidents) -> None:
        self._incidents = incidents
        self.fails: Exception | None = None
        self.asked: list[Sequence[str]] = []

    def recent(self, texts: Sequence[str], since: datetime, limit: int) -> list[Candidate]:
        if self.fails is not None:
            raise self.fails
        self.asked.append(texts)
        wanted = {term(TEAM, text) for text in texts}
        found = [
            one
            for one in self._incidents.kept.values()
            if one.status is not Status.CLOSED and one.created_at >= since and not wanted.isdisjoint(terms_of(one))
        ]
        newest = sorted(found, key=lambda one: one.created_at, reverse=True)[:limit]
        return [_candidate(one) for one in newest if not one.confidential]


def _candidate(one: Incident) -> Candidate:
    return Candidate(
        id=one.id,
        reference=one.reference,
        title=one.title,
        description=one.description,
        affected_assets=tuple(one.affected_assets),
        observables=frozenset(trace.key for trace in one.observables if not trace.known_good),
        status=one.status,
        tlp=one.tlp,
        confidential=one.confidential,
        reporter_id=one.reporter_id,
        access_ids=tuple(one.access_ids),
        merged=one.merged_into is not None,
        reported_at=one.reported_at,
    )
