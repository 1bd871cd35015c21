"""What the use cases do, whatever keeps the documents: run over the fakes and over Firestore."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.applications import (
    MOST_REVIEWS,
    WAIT_AFTER_REJECTION,
    ApplicationFilter,
    ApplicationStatus,
    CannotApplyError,
    Decision,
)
from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    IdempotencyMismatchError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from shared.domain.people import Notifications
from shared.domain.permissions import Role
from shared.ports.applications import APPLICATIONS
from shared.ports.revocations import REVOCATIONS
from shared.ports.store import AUDIT, USERS
from tests.builders import user
from tests.fakes import START
from tests.unit.applications.support import (
    ALEX,
    APPROVE,
    ASK,
    BEA,
    EVE,
    FRED,
    MOTIVATION,
    OTHER_WORDS,
    QUIET,
    REJECT,
    WORDS,
    World,
    said,
    who,
)

PENDING = ApplicationStatus.PENDING


class Applying:
    def test_an_application_waits_is_audited_and_the_administrators_who_want_it_are_mailed(self, world: World):
        made = world.apply()
        assert (made.id, made.status, made.applicant_name, made.version) == ("eve-1", PENDING, "Eve Miller", 1)
        assert world.get(APPLICATIONS, "eve-1") == made
        (mail,) = world.mails("application_submitted")
        assert mail.message.to == ["alex@example.org", "bea@example.org"]
        assert "Eve Miller" in mail.message.subject
        assert MOTIVATION not in mail.message.text + mail.message.html
        (entry,) = world.all(AUDIT)
        assert (entry.action, entry.subject, entry.target.id) == ("application:submitted", "eve", "eve-1")
        assert MOTIVATION not in entry.model_dump_json()
        assert {change.field: change.new for change in entry.changes}["status"] == '"pending"'

    def test_nobody_is_mailed_where_no_administrator_wants_it(self, world: World):
        for uid in ("alex", "bea"):
            world.change(uid, notifications=QUIET)
        world.apply()
        assert world.mails("application_submitted") == []

    def test_the_same_key_is_the_same_application_however_it_stands(self, world: World):
        first = world.applying.apply(EVE, WORDS, "k")
        again = world.applying.apply(EVE, WORDS, "k")
        assert (first.replayed, again.replayed) == (False, True)
        assert again.application == first.application
        world.review(REJECT)
        assert world.applying.apply(EVE, WORDS, "k").application.status is ApplicationStatus.REJECTED
        with pytest.raises(IdempotencyMismatchError):
            world.applying.apply(EVE, OTHER_WORDS, "k")
        others = world.applying.apply(FRED, WORDS, "k")
        assert not others.replayed
        assert others.application.request_key != first.application.request_key
        assert len(world.mails("application_submitted")) == len(world.actions("application:submitted")) == 2

    def test_there_is_one_open_application_and_the_refusal_names_it(self, world: World):
        world.apply()
        with pytest.raises(CannotApplyError) as refused:
            world.apply()
        assert (refused.value.answer.code, refused.value.answer.application_id) == ("application_open", "eve-1")
        assert world.applying.can_apply(EVE) == refused.value.answer
        assert world.applying.can_apply(FRED).can_apply

    def test_an_account_without_a_profile_cannot_apply(self, world: World):
        for act in (lambda: world.apply(who("ghost")), lambda: world.applying.can_apply(who("ghost"))):
            with pytest.raises(NotFoundError):
                act()

    def test_the_document_decides_on_the_role_not_the_token(self, world: World):
        world.change("eve", role=Role.SECURITY_TEAM)
        with pytest.raises(CannotApplyError) as refused:
            world.apply()
        assert refused.value.answer.code == "already_on_team"

    def test_words_are_changed_and_the_same_ones_again_change_nothing(self, world: World):
        world.apply()
        after = world.applying.change(EVE, OTHER_WORDS)
        assert (after.words, after.status, after.version) == (OTHER_WORDS, PENDING, 2)
        assert world.applying.change(EVE, OTHER_WORDS) == after
        assert world.actions("application:changed") == ["application:changed"]
        assert len(world.mails("application_submitted")) == 1

    def test_an_answered_question_is_pending_again_and_the_administrators_hear_of_it(self, world: World):
        world.apply()
        asked = world.review(ASK)
        assert (asked.status, asked.decided_at) == (ApplicationStatus.INFO_REQUESTED, None)
        answered = world.applying.change(EVE, WORDS)
        assert (answered.status, answered.version) == (PENDING, 3)
        subjects = sorted(mail.message.subject for mail in world.mails("application_submitted"))
        assert subjects == ["Application answered: Eve Miller", "New application: Eve Miller"]
        assert world.review(APPROVE).status is ApplicationStatus.APPROVED

    def test_a_withdrawn_application_makes_room_for_the_next(self, world: World):
        world.apply()
        gone = world.applying.withdraw(EVE)
        assert gone.status is ApplicationStatus.WITHDRAWN
        assert world.applying.withdraw(EVE) == gone
        assert world.apply().id == "eve-2"
        assert world.actions("application:withdrawn") == ["application:withdrawn"]

    def test_what_is_decided_is_neither_changed_nor_withdrawn(self, world: World):
        world.apply()
        world.review(REJECT)
        for act in (lambda: world.applying.change(EVE, OTHER_WORDS), lambda: world.applying.withdraw(EVE)):
            with pytest.raises(ConflictError, match="rejected at 2026-11-23 09:00 UTC"):
                act()

    def test_who_never_applied_has_nothing_to_change_or_withdraw(self, world: World):
        world.apply(FRED)
        for act in (lambda: world.applying.change(EVE, WORDS), lambda: world.applying.withdraw(EVE)):
            with pytest.raises(NotFoundError):
                act()

    def test_after_a_rejection_one_may_again_after_the_wait(self, world: World):
        world.apply()
        world.review(REJECT)
        answer = world.applying.can_apply(EVE)
        assert (answer.code, answer.retry_at) == ("wait_after_rejection", START + WAIT_AFTER_REJECTION)
        world.clock.advance(WAIT_AFTER_REJECTION)
        assert world.apply().id == "eve-2"


class Reviewing:
    def test_an_approval_grants_the_role_and_all_that_belongs_to_it(self, world: World):
        world.apply()
        world.clock.advance(timedelta(seconds=1, microseconds=500))
        second = START + timedelta(seconds=1)
        shown = world.review(said(Decision.APPROVE, ""))
        assert (shown.status, shown.decided_at) == (ApplicationStatus.APPROVED, world.clock.now())
        assert shown.reviews[0].reviewer_name == "Alex Admin"
        eve = world.person("eve")
        assert (eve.role, eve.second_factor_required, eve.sessions_valid_from) == (Role.SECURITY_TEAM, True, second)
        revocation = world.get(REVOCATIONS, "eve")
        assert revocation is not None
        assert revocation.valid_from == second
        (mail,) = world.mails("application_reviewed")
        assert mail.message.to == ["eve@example.org"]
        entries = {entry.action: entry for entry in world.all(AUDIT)}
        assert entries["application:approved"].actor.id == entries["user:role_changed"].actor.id == "alex"
        assert entries["application:approved"].subject == entries["user:role_changed"].subject == "eve"
        changes = {change.field: (change.old, change.new) for change in entries["user:role_changed"].changes}
        assert changes["role"] == ('"employee"', '"security_team"')

    def test_a_rejection_grants_nothing(self, world: World):
        world.apply()
        before = world.get(USERS, "eve")
        world.review(REJECT)
        assert world.get(USERS, "eve") == before
        assert world.get(REVOCATIONS, "eve") is None
        assert "user:role_changed" not in world.actions()

    @pytest.mark.parametrize("request_", [APPROVE, REJECT, ASK])
    def test_the_same_decision_again_gets_the_same_answer_and_does_nothing(self, world: World, request_):
        world.apply()
        first = world.reviewing.review(ALEX, "eve-1", request_, 1)
        done, kept = world.actions(), world.get(APPLICATIONS, "eve-1")
        world.clock.advance(timedelta(minutes=5))
        assert world.reviewing.review(ALEX, "eve-1", request_, 1) == first
        assert world.review(request_) == first
        assert world.actions() == done
        assert world.get(APPLICATIONS, "eve-1") == kept
        assert len(world.mails("application_reviewed")) == 1

    def test_the_other_administrator_learns_who_decided_what_and_when(self, world: World):
        world.apply()
        world.review(APPROVE)
        world.clock.advance(timedelta(minutes=5))
        told = "Alex Admin approved it at 2026-11-23 09:00 UTC"
        with pytest.raises(ConflictError, match=told):
            world.review(APPROVE, BEA)
        with pytest.raises(ConflictError, match=told):
            world.review(said(Decision.REJECT), ALEX)
        with pytest.raises(VersionConflictError, match=told) as stale:
            world.reviewing.review(BEA, "eve-1", REJECT, 1)
        assert (stale.value.expected, stale.value.actual) == (1, 2)
        assert (stale.value.current or {})["version"] == 2

    def test_a_reviewer_of_older_words_learns_that_they_changed(self, world: World):
        world.apply()
        world.applying.change(EVE, OTHER_WORDS)
        with pytest.raises(VersionConflictError, match="Eve Miller wrote it at 2026-11-23 09:00 UTC"):
            world.reviewing.review(ALEX, "eve-1", APPROVE, 1)
        assert world.reviewing.review(ALEX, "eve-1", APPROVE, 2).status is ApplicationStatus.APPROVED

    def test_a_withdrawn_application_cannot_be_decided(self, world: World):
        world.apply()
        world.applying.withdraw(EVE)
        with pytest.raises(ConflictError, match="Eve Miller withdrew it"):
            world.review(APPROVE)

    def test_two_questions_are_two_and_there_is_an_end_to_them(self, world: World):
        world.apply()
        for number in range(MOST_REVIEWS):
            world.review(said(Decision.REQUEST_INFO, f"Question {number}"), (ALEX, BEA)[number % 2])
        with pytest.raises(ConflictError, match="speak with the applicant"):
            world.review(said(Decision.REQUEST_INFO, "One more"))
        assert len(world.mails("application_reviewed")) == MOST_REVIEWS

    def test_nobody_decides_on_their_own(self, world: World):
        world.apply()
        world.change("eve", role=Role.ADMIN)
        with pytest.raises(ForbiddenError):
            world.review(APPROVE, who("eve", Role.ADMIN))

    @pytest.mark.parametrize("uid", ["gone", "ana", "eve", "ghost"])
    def test_the_document_decides_who_administers_not_the_token(self, world: World, uid):
        world.apply(FRED)
        with pytest.raises(ForbiddenError):
            world.review(APPROVE, who(uid, Role.ADMIN), "fred-1")

    @pytest.mark.parametrize("key", ["eve-1", "nobody-1", "a/b", "..", "__x__", ""])
    def test_there_is_nothing_to_decide_where_nobody_applied(self, world: World, key):
        with pytest.raises(NotFoundError):
            world.review(APPROVE, id=key)

    @pytest.mark.parametrize("became", [{"disabled": True}, {"role": Role.SECURITY_TEAM}, None])
    def test_who_cannot_join_any_more_is_not_approved_but_can_be_rejected(self, world: World, became):
        world.apply()
        if became is None:
            world.remove("eve")
        else:
            world.change("eve", **became)
        before = world.get(USERS, "eve")
        for request in (APPROVE, ASK):
            with pytest.raises(ConflictError):
                world.review(request)
        assert world.actions() == ["application:submitted"]
        assert world.review(REJECT).status is ApplicationStatus.REJECTED
        assert world.get(USERS, "eve") == before
        assert len(world.mails("application_reviewed")) == (1 if became == {"role": Role.SECURITY_TEAM} else 0)

    def test_the_comment_is_in_the_mail_and_harmless_there(self, world: World):
        world.apply()
        world.review(said(Decision.REJECT, "<script>alert(1)</script> & more"))
        (mail,) = world.mails("application_reviewed")
        assert "<script>alert(1)</script> & more" in mail.message.text
        assert "<script>" not in mail.message.html
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in mail.message.html
        assert "2026-12-23 09:00 UTC" in mail.message.text
        assert "<script>" not in "".join(entry.model_dump_json() for entry in world.all(AUDIT))

    def test_who_wants_no_mail_gets_none(self, world: World):
        world.change("eve", notifications=QUIET)
        world.apply()
        world.review(APPROVE)
        assert world.mails("application_reviewed") == []
        assert world.person("eve").role is Role.SECURITY_TEAM

    def test_who_was_approved_and_removed_again_does_not_apply_again(self, world: World):
        world.apply()
        world.review(APPROVE)
        world.change("eve", role=Role.EMPLOYEE, notifications=Notifications())
        world.clock.advance(timedelta(days=400))
        assert world.applying.can_apply(EVE).code == "approved_before"


class Reading:
    def _several(self, world: World, count: int = 5) -> list[str]:
        for number in range(count):
            world.keep(user(f"p{number}", Role.EMPLOYEE, display_name=f"Person {'Even' if number % 2 else 'Odd'}"))
            world.apply(who(f"p{number}"))
            world.clock.advance(timedelta(minutes=1))
        return [f"p{number}-1" for number in range(count)]

    def test_who_waits_longest_comes_first_in_pages(self, world: World):
        ids = self._several(world)
        seen: list[str] = []
        cursor = None
        for _ in range(3):
            page = world.reading.find(ALEX, ApplicationFilter(), 2, cursor)
            seen += [one.id for one in page.items]
            cursor = page.next_cursor
        assert seen == ids
        assert cursor is None

    def test_filters_narrow_the_list(self, world: World):
        self._several(world)
        world.review(REJECT, id="p0-1")
        world.review(ASK, id="p1-1")

        def ids(*statuses: ApplicationStatus, q: str | None = None) -> list[str]:
            where = ApplicationFilter(statuses, q) if statuses else ApplicationFilter(q=q)
            return [one.id for one in world.reading.find(ALEX, where, 20).items]

        assert ids() == ["p1-1", "p2-1", "p3-1", "p4-1"]
        assert ids(ApplicationStatus.REJECTED) == ["p0-1"]
        assert ids(ApplicationStatus.INFO_REQUESTED) == ["p1-1"]
        assert ids(q="EVE") == ids(q="even pers") == ["p1-1", "p3-1"]
        assert ids(q="nobody") == []
        assert ids(q="--") == ids()

    def test_words_that_few_fit_fill_the_page_all_the_same(self, world: World):
        self._several(world, 6)
        page = world.reading.find(ALEX, ApplicationFilter(q="person even"), 1)
        assert [one.id for one in page.items] == ["p1-1"]
        rest = world.reading.find(ALEX, ApplicationFilter(q="person even"), 2, page.next_cursor)
        assert ([one.id for one in rest.items], rest.next_cursor) == (["p3-1", "p5-1"], None)

    def test_each_page_that_is_shown_is_recorded(self, world: World):
        self._several(world, 2)
        world.reading.find(ALEX, ApplicationFilter(q="person"), 1)
        (entry,) = [entry for entry in world.all(AUDIT) if entry.action == "application:read"]
        shown = {change.field: change.new for change in entry.changes}
        assert (shown["ids"], shown["statuses"]) == ('["p0-1"]', '["pending","info_requested"]')
        assert entry.actor.id == "alex"
        assert "person" not in (shown["q"] or "")

    def test_ones_own_come_newest_first_without_the_names_of_reviewers(self, world: World):
        world.apply(FRED)
        world.apply()
        world.clock.advance(timedelta(minutes=1))
        world.review(said(Decision.REJECT, "Not yet."))
        world.clock.advance(WAIT_AFTER_REJECTION)
        world.apply()
        page = world.reading.mine(EVE, 1)
        assert [one.id for one in page.items] == ["eve-2"]
        rest = world.reading.mine(EVE, 1, page.next_cursor)
        assert ([one.id for one in rest.items], rest.next_cursor) == (["eve-1"], None)
        assert rest.items[0].reviews[0].comment == "Not yet."
        assert "alex" not in rest.model_dump_json().lower()
        assert world.reading.mine(who("ana"), 20).items == []

    def test_the_name_of_a_reviewer_who_is_gone_is_gone(self, world: World):
        world.apply()
        world.review(ASK, BEA)
        world.remove("bea")
        (shown,) = world.reading.find(ALEX, ApplicationFilter(), 20).items
        assert (shown.reviews[0].reviewer_id, shown.reviews[0].reviewer_name) == ("bea", None)

    @pytest.mark.parametrize("cursor", ["rubbish", "e30", "W10"])
    def test_a_foreign_cursor_is_the_callers_mistake(self, world: World, cursor):
        for act in (
            lambda: world.reading.mine(EVE, 5, cursor),
            lambda: world.reading.find(ALEX, ApplicationFilter(), 5, cursor),
        ):
            with pytest.raises(InvalidInputError):
                act()
