"""What holds over every implementation of the store; each class wants a fixture `world`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.custom_fields import CustomFieldChange, CustomFieldRequest, CustomFieldType
from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    IdempotencyMismatchError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from shared.domain.incident import IncidentChange, Link, LinkKind
from shared.domain.links import LinkRequest, OtherIncident
from shared.domain.messages import Message
from shared.domain.splits import Trace
from shared.domain.taxonomy import Outcome, Pap, Severity, Status, Tlp
from shared.domain.timeline import TimelineKind
from shared.ports.lifecycle import CUSTOM_FIELDS
from shared.ports.store import INCIDENTS, USERS, messages_of
from shared.services.incidents.linking import shown
from tests.builders import user
from tests.fakes import START
from tests.unit.lifecycle.support import ADMIN, ANA, BEN, EMP, OTHER, observable

SUMMARY = "A page that looked like ours; the password was changed."
CLOSED = {"status": Status.CLOSED, "outcome": Outcome.TRUE_POSITIVE_NO_IMPACT, "summary": SUMMARY}


class Closing:
    def test_closing_names_what_is_missing(self, world):
        world.has("abc")
        with pytest.raises(ConflictError, match="outcome and summary"):
            world.change("abc", status=Status.CLOSED)
        with pytest.raises(ConflictError, match="send summary too"):
            world.change("abc", status=Status.CLOSED, outcome=Outcome.FALSE_POSITIVE)
        world.change("abc", summary=SUMMARY)
        closed = world.change("abc", status=Status.CLOSED, outcome=Outcome.FALSE_POSITIVE)
        assert closed.closed_at == closed.triaged_at == world.clock.now()

    def test_reopening_wants_a_reason_which_is_kept(self, world):
        world.has("abc")
        world.change("abc", **CLOSED)
        with pytest.raises(ConflictError, match="reason"):
            world.change("abc", status=Status.ANALYSIS)
        again = world.change("abc", status=Status.ANALYSIS, reason="The attacker is back")
        assert (again.closed_at, again.outcome, again.summary) == (None, Outcome.TRUE_POSITIVE_NO_IMPACT, SUMMARY)
        assert world.timeline("abc")[-1].note == "The attacker is back"

    def test_a_closed_incident_keeps_an_outcome(self, world):
        world.has("abc")
        world.change("abc", **CLOSED)
        with pytest.raises(ConflictError):
            world.change("abc", outcome=None)
        assert world.change("abc", outcome=Outcome.LEGITIMATE).outcome is Outcome.LEGITIMATE

    def test_new_words_are_looked_through(self, world):
        world.has("abc", observables=[observable()])
        after = world.change("abc", description="It came from 192.0.2.1 and 192.0.2.2, as I see.")
        assert [one.value for one in after.observables] == ["192.0.2.1", "192.0.2.2"]

    def test_a_reporter_may_say_why_and_nothing_more(self, world):
        world.has("abc")
        assert world.change("abc", EMP, title="A better title", reason="A slip").title == "A better title"
        with pytest.raises(ForbiddenError):
            world.change("abc", EMP, summary=SUMMARY, reason="A slip")


class Stale:
    def test_the_second_editor_is_shown_what_the_first_did(self, world):
        world.has("abc")
        world.change("abc", BEN, severity=Severity.HIGH, title="First word")
        world.change("abc", BEN, title="Second word")
        with pytest.raises(VersionConflictError) as refused:
            world.changing.change(ANA, "abc", IncidentChange(title="Mine"), 1)
        conflict = refused.value
        assert (conflict.expected, conflict.actual) == (1, 3)
        assert (conflict.current or {})["title"] == "Second word"
        changed = {one["field"]: (one["old"], one["new"]) for one in conflict.changes or []}
        assert changed == {
            "title": ("Mail asked for my password", "Second word"),
            "severity": (None, "high"),
        }
        assert "ben changed title, severity at 2026-11-23 10:00:00 UTC" in str(conflict)
        assert "example.org" not in str(conflict)

    def test_what_was_changed_back_is_no_change(self, world):
        before = world.has("abc")
        world.change("abc", BEN, title="Other words", severity=Severity.LOW)
        world.change("abc", BEN, title=before.title)
        with pytest.raises(VersionConflictError) as refused:
            world.changing.change(ANA, "abc", IncidentChange(title="Mine"), 1)
        assert [one["field"] for one in refused.value.changes or []] == ["severity"]

    def test_a_version_of_the_future_is_refused_with_the_present_state_alone(self, world):
        world.has("abc")
        with pytest.raises(VersionConflictError) as refused:
            world.changing.change(ANA, "abc", IncidentChange(title="Mine"), 9)
        assert refused.value.changes is None
        assert (refused.value.current or {})["version"] == 1

    def test_the_reporter_is_not_shown_what_is_for_the_team(self, world):
        world.has("abc")
        world.has("xyz")
        world.link("abc", "related", "xyz")
        world.change("abc", access_ids=[], confidential=False)
        with pytest.raises(VersionConflictError) as refused:
            world.changing.change(EMP, "abc", IncidentChange(title="Mine"), 1)
        assert "xyz" not in f"{refused.value.current} {refused.value.changes} {refused.value}"

    def test_who_may_not_see_it_is_told_nothing(self, world):
        world.has("abc")
        with pytest.raises(NotFoundError):
            world.changing.change(OTHER, "abc", IncidentChange(title="Mine"), 9)


class Access:
    def test_who_makes_it_confidential_and_who_works_on_it_keep_their_access(self, world):
        world.has("abc", assignee_ids=["ben"])
        after = world.change("abc", confidential=True, access_ids=["other"])
        assert after.access_ids == ["other", "ana", "ben"]
        assert after.withdrawal.scopes == ["team"]
        assert after.withdrawal.at == world.clock.now()
        entry = world.timeline("abc")[-1]
        assert (entry.kind, entry.internal) == (TimelineKind.ACCESS, True)
        assert world.actions()[-1] == "incident:access_changed"

    def test_who_is_no_longer_named_loses_sight(self, world):
        world.has("abc")
        world.change("abc", confidential=True, access_ids=["ben", "other"])
        after = world.change("abc", access_ids=["ben"])
        assert (after.access_ids, after.withdrawal.scopes) == (["ben", "ana"], ["person:other"])
        with pytest.raises(NotFoundError):
            world.change("abc", OTHER, title="Still here?")

    def test_who_is_named_again_is_no_longer_told_to_forget_it(self, world):
        world.has("abc")
        world.change("abc", confidential=True, access_ids=["ben", "other"])
        lost = world.change("abc", access_ids=[]).withdrawal
        assert lost.scopes == ["person:ben", "person:other"]
        world.clock.advance(timedelta(minutes=1))
        assert world.change("abc", access_ids=["ben"]).withdrawal == lost.model_copy(
            update={"scopes": ["person:other"]}
        )
        assert world.change("abc", access_ids=["ben", "other"]).withdrawal is None

    def test_lifting_it_clears_the_names(self, world):
        world.has("abc")
        world.change("abc", confidential=True, access_ids=["other"])
        after = world.change("abc", confidential=False)
        assert (after.confidential, after.access_ids) == (False, [])
        assert "team" not in after.withdrawal.scopes
        assert "person:other" in after.withdrawal.scopes

    def test_names_are_for_confidential_ones(self, world):
        world.has("abc")
        with pytest.raises(InvalidInputError) as refused:
            world.change("abc", access_ids=["ben"])
        assert set(refused.value.fields) == {"access_ids"}

    def test_unknown_and_disabled_people_are_refused_with_the_same_words(self, world):
        world.has("abc")
        said = []
        for uid in ("nobody", "gone"):
            with pytest.raises(InvalidInputError) as refused:
                world.change("abc", confidential=True, access_ids=[uid])
            said.append((str(refused.value), refused.value.fields))
        assert said[0] == said[1]

    def test_somebody_who_was_disabled_since_does_not_stand_in_the_way(self, world):
        world.has("abc")
        world.change("abc", confidential=True, access_ids=["ben"])
        world.store.run(lambda work: work.put(USERS, user("ben", disabled=True)))
        after = world.change("abc", access_ids=["ben", "other"])
        assert after.access_ids == ["ben", "other", "ana"]

    def test_only_the_team_says_so(self, world):
        world.has("abc")
        with pytest.raises(ForbiddenError):
            world.change("abc", EMP, confidential=True)

    def test_access_of_connected_incidents_stays(self, world):
        world.has("abc")
        world.has("xyz")
        world.link("abc", "related", "xyz")
        with pytest.raises(ConflictError, match="links"):
            world.change("abc", confidential=True)
        world.linking.unlink(ANA, "abc", "xyz")
        assert world.change("abc", confidential=True).confidential

    def test_a_confidential_report_needs_somebody_to_work_on_it(self, world):
        with pytest.raises(InvalidInputError) as refused:
            world.report(EMP, confidential=True, access_ids=["other", "emp"])
        assert set(refused.value.fields) == {"access_ids"}
        assert world.report(EMP, confidential=True, access_ids=["ana", "emp", "ana"]).access_ids == ["ana"]
        assert world.report(ANA, confidential=True).access_ids == []
        with pytest.raises(InvalidInputError):
            world.report(EMP, confidential=True, access_ids=["ana", "gone"])
        with pytest.raises(InvalidInputError):
            world.report(EMP, access_ids=["ana"])


class CustomFields:
    def field(self, world, name="unit", kind=CustomFieldType.STRING, **more):
        request = CustomFieldRequest(name=name, label=name.title(), type=kind, **more)
        return world.fields.add(ADMIN, request)

    def test_values_are_kept_as_their_types(self, world):
        for kind in CustomFieldType:
            self.field(world, str(kind), kind)
        given = {"string": "Sales", "boolean": False, "integer": 7, "float": 3, "date": "2026-11-23T10:00:00+01:00"}
        world.has("abc")
        world.change("abc", custom_fields=given)
        kept = world.get("abc").custom_fields
        assert kept == given | {"date": datetime(2026, 11, 23, 9, tzinfo=UTC)}
        assert [type(kept[name]) for name in ("boolean", "integer", "float")] == [bool, int, float]
        # What is left out stays, null takes away.
        assert set(world.change("abc", custom_fields={"string": None}).custom_fields) == set(given) - {"string"}
        assert world.report(custom_fields={"integer": 7, "string": None}).custom_fields == {"integer": 7}

    def test_a_field_is_there_for_reports_at_once(self, world):
        with pytest.raises(InvalidInputError) as refused:
            world.report(custom_fields={"unit": "Sales"})
        assert refused.value.fields == {"custom_fields.unit": "there is no such field"}
        self.field(world)
        world.clock.advance(timedelta(seconds=2))
        assert world.report(custom_fields={"unit": "Sales"}).custom_fields == {"unit": "Sales"}

    def test_a_retired_field_keeps_its_values_and_takes_no_new_ones(self, world):
        self.field(world)
        world.has("abc")
        world.change("abc", custom_fields={"unit": "Sales"})
        assert world.fields.retire(ADMIN, "unit").retired
        assert world.fields.retire(ADMIN, "unit").retired
        assert world.actions().count("custom_field:retired") == 1
        world.clock.advance(timedelta(minutes=1))
        with pytest.raises(InvalidInputError):
            world.change("abc", custom_fields={"unit": "Legal"})
        same = world.change("abc", custom_fields={"unit": "Sales"}, title="Another title")
        assert same.custom_fields == {"unit": "Sales"}
        assert world.change("abc", custom_fields={"unit": None}).custom_fields == {}
        assert not world.fields.change(ADMIN, "unit", CustomFieldChange(retired=False)).retired

    def test_options_narrow_strings(self, world):
        with pytest.raises(InvalidInputError):
            self.field(world, "count", CustomFieldType.INTEGER, options=["1"])
        with pytest.raises(InvalidInputError):
            self.field(world, options=["Sales", "Sales"])
        self.field(world, options=["Sales", "Legal"])
        with pytest.raises(InvalidInputError, match="not usable"):
            world.report(custom_fields={"unit": "sales"})
        assert world.report(custom_fields={"unit": "Legal"}).custom_fields == {"unit": "Legal"}

    def test_a_name_is_taken_once(self, world):
        made = self.field(world)
        with pytest.raises(ConflictError):
            self.field(world)
        world.fields.change(ADMIN, "unit", CustomFieldChange(label="Department"))
        assert world.fields.change(ADMIN, "unit", CustomFieldChange(label="Department")).label == "Department"
        assert world.actions() == ["custom_field:created", "custom_field:changed"]
        assert [one.name for one in world.fields.all().items] == [made.name]
        with pytest.raises(NotFoundError):
            world.fields.retire(ADMIN, "other")
        with pytest.raises(InvalidInputError):
            world.fields.change(ADMIN, "unit", CustomFieldChange(label=None))

    def test_there_is_an_end_to_fields(self, world):
        for number in range(50):
            self.field(world, f"field_{number}")
        with pytest.raises(ConflictError, match="50"):
            self.field(world)
        assert world.store.get(CUSTOM_FIELDS, "unit") is None


class Linking:
    def test_both_sides_have_it_and_their_timelines(self, world):
        world.has("abc")
        world.has("xyz")
        assert world.link("abc", "parent", "xyz").links == [Link(kind=LinkKind.PARENT, incident_id="xyz")]
        assert world.get("xyz").links == [Link(kind=LinkKind.CHILD, incident_id="abc")]
        for one, other in (("abc", "xyz"), ("xyz", "abc")):
            (entry,) = world.timeline(one)
            assert (entry.kind, entry.about, entry.internal) == (TimelineKind.LINKED, other, True)
        assert world.actions() == ["incident:linked"] * 2

    def test_the_same_again_does_nothing_and_another_kind_takes_its_place(self, world):
        world.has("abc")
        world.has("xyz")
        world.link("abc", "related", "xyz")
        assert world.link("abc", "related", "xyz").version == 2
        assert world.link("xyz", "child", "abc").links == [Link(kind=LinkKind.CHILD, incident_id="abc")]
        assert world.get("abc").links == [Link(kind=LinkKind.PARENT, incident_id="xyz")]

    def test_a_reference_names_it_too(self, world):
        world.has("abc")
        other = world.has("xyz")
        request = LinkRequest(kind=LinkKind.RELATED, reference=other.reference.lower())
        assert world.linking.link(ANA, "abc", request).links[0].incident_id == "xyz"

    def test_removing_it_from_either_side(self, world):
        world.has("abc")
        world.has("xyz")
        world.link("abc", "related", "xyz")
        assert world.linking.unlink(ANA, "xyz", "abc").links == []
        assert world.get("abc").links == []
        assert world.linking.unlink(ANA, "xyz", "abc").version == 3
        assert world.timeline("abc")[-1].kind is TimelineKind.UNLINKED

    def test_no_circle_of_parents(self, world):
        for name in "abcd":
            world.has(name)
        world.link("a", "parent", "b")
        world.link("b", "parent", "c")
        world.link("d", "child", "c")
        with pytest.raises(ConflictError, match="circle"):
            world.link("d", "parent", "a")
        with pytest.raises(ConflictError, match="circle"):
            world.link("a", "child", "c")
        with pytest.raises(ConflictError, match="itself"):
            world.link("a", "related", "a")
        assert world.get("a").version == 2
        # A link that is turned round is no circle.
        assert world.link("b", "parent", "a").links[-1].kind is LinkKind.PARENT
        assert [link.kind for link in world.get("a").links] == [LinkKind.CHILD]

    def test_what_one_may_not_see_is_not_there(self, world):
        world.has("abc")
        world.has("secret", confidential=True, access_ids=["ben"])
        said = set()
        for other in ("secret", "nothing", world.get("secret").reference, "INC-0000-0001"):
            with pytest.raises(NotFoundError) as refused:
                world.linking.link(ANA, "abc", OtherLink(other))
            said.add(str(refused.value))
        for one in ("secret", "nothing"):
            with pytest.raises(NotFoundError) as refused:
                world.link(one, "related", "abc")
            said.add(str(refused.value))
            with pytest.raises(NotFoundError) as refused:
                world.linking.unlink(ANA, "abc", one)
            said.add(str(refused.value))
        assert len(said) == 1

    def test_a_confidential_one_only_with_one_that_the_same_people_see(self, world):
        world.has("abc")
        world.has("secret", confidential=True, access_ids=["ana", "ben"])
        world.has("wider", confidential=True, access_ids=["ana", "ben", "other"])
        world.has("same", confidential=True, access_ids=["ben", "ana"])
        for one, other in (("abc", "secret"), ("secret", "abc"), ("secret", "wider"), ("wider", "secret")):
            with pytest.raises(ConflictError, match="same people"):
                world.link(one, "related", other)
        assert world.link("secret", "related", "same").links

    def test_the_reporter_is_shown_no_links(self, world):
        world.has("abc")
        world.has("xyz")
        linked = world.link("abc", "related", "xyz")
        assert shown(ANA, linked) is linked
        assert shown(EMP, linked).links == []
        assert world.change("abc", EMP, title="A better title").links == []

    def test_there_is_an_end_to_links(self, world):
        world.has("abc", links=[Link(kind=LinkKind.RELATED, incident_id=f"x{n}") for n in range(200)])
        world.has("xyz")
        with pytest.raises(ConflictError, match="200"):
            world.link("xyz", "related", "abc")
        assert world.get("xyz").links == []


def OtherLink(name):  # noqa: N802  # a request, whichever way the name is given
    kind = "reference" if name.startswith("INC-") else "incident_id"
    return LinkRequest.model_validate({"kind": "related", kind: name})


class Merging:
    def two(self, world, **target):
        world.has(
            "old",
            reporter_id="other",
            tags=["phish", "mail"],
            affected_assets=["laptop"],
            techniques=["T1566"],
            observables=[observable(), observable("192.0.2.2")],
            tlp=Tlp.AMBER,
            pap=Pap.CLEAR,
            detected_at=START - timedelta(hours=3),
            status=Status.ANALYSIS,
            triaged_at=START,
        )
        world.has(
            "new",
            **{"tlp": Tlp.GREEN, "tags": ["mail", "urgent"], "observables": [observable(tlp=Tlp.GREEN)], **target},
        )

    def test_the_source_is_closed_and_the_target_has_what_it_had(self, world):
        self.two(world)
        done = world.merge("old", "new", reason="Same sender")
        source, target = done.source, done.target
        assert (source, target) == (world.get("old"), world.get("new"))
        assert (source.status, source.outcome, source.merged_into) == (Status.CLOSED, Outcome.DUPLICATE, "new")
        assert target.reference in source.summary
        assert (source.tags, source.affected_assets, len(source.observables)) == (["phish", "mail"], ["laptop"], 2)
        assert target.tags == ["mail", "urgent", "phish"]
        assert (target.affected_assets, target.techniques) == (["laptop"], ["T1566"])
        assert [(one.value, one.source, one.tlp) for one in target.observables] == [
            ("192.0.2.1", "report", Tlp.GREEN),
            ("192.0.2.2", "merge", Tlp.AMBER),
        ]
        assert (target.tlp, target.pap, target.detected_at) == (Tlp.AMBER, Pap.AMBER, START - timedelta(hours=3))
        assert (target.merged_ids, target.links) == (["old"], [Link(kind=LinkKind.DUPLICATE, incident_id="old")])
        assert source.links == [Link(kind=LinkKind.DUPLICATE, incident_id="new")]
        (told,), (internal,) = world.timeline("old"), world.timeline("new")
        assert (told.kind, told.about, told.internal) == (TimelineKind.MERGED, "new", False)
        assert told.note == f"Merged into {target.reference}.\nSame sender"
        assert not {"links", "merged_ids"} & {one.field for one in told.changes}
        assert (internal.kind, internal.about, internal.internal) == (TimelineKind.MERGED, "old", True)
        assert world.merge("old", "new") == done
        assert len(world.actions()) == 2

    def test_undoing_restores_both(self, world):
        self.two(world)
        before = world.get("old"), world.get("new")
        world.merge("old", "new")
        done = world.undo("old")
        for was, now in zip(before, (done.source, done.target), strict=True):
            assert now.model_copy(update={"version": was.version, "updated_at": was.updated_at}) == was
        assert world.undo("old") == done
        assert [one.kind for one in world.timeline("new")] == [TimelineKind.MERGED, TimelineKind.UNMERGED]
        assert world.merge("old", "new").target.tags == ["mail", "urgent", "phish"]

    def test_undoing_leaves_what_was_done_since(self, world):
        self.two(world)
        world.merge("old", "new")
        world.change("old", tags=["phish", "mail", "later"], summary="Another summary of it.")
        world.change("new", tags=["urgent", "mail", "own"], tlp=Tlp.CLEAR, severity=Severity.HIGH)
        world.change("new", tags=["urgent", "mail", "own", "phish"])  # said anew, and so no longer the merge's
        world.change("new", description="Seen again: 192.0.2.2, and the laptop too.")
        done = world.undo("old")
        assert (done.source.status, done.source.summary) == (Status.ANALYSIS, "Another summary of it.")
        assert done.source.tags == ["phish", "mail", "later"]
        assert done.target.tags == ["urgent", "mail", "own", "phish"]
        assert (done.target.tlp, done.target.severity) == (Tlp.CLEAR, Severity.HIGH)
        assert done.target.affected_assets == []
        assert [one.value for one in done.target.observables] == ["192.0.2.1", "192.0.2.2"]

    @pytest.mark.parametrize(("internal", "left"), [(False, ["192.0.2.1", "192.0.2.2"]), (True, ["192.0.2.1"])])
    def test_undoing_leaves_what_a_message_says_to_everybody(self, world, internal, left):
        self.two(world)
        world.merge("old", "new")
        at = world.clock.now()
        words = {"id": "m1", "thread": "m1", "incident_id": "new", "author_id": "emp", "body": "192.0.2.2, 192.0.2.77"}
        said = Message.model_validate(words | {"created_at": at, "internal": internal})
        world.store.create(messages_of("new"), said)
        assert [one.value for one in world.undo("old").target.observables] == left

    def test_what_people_said_before_the_merge_is_not_said_since(self, world):
        self.two(world)
        world.change("new", tags=["mail", "urgent", "phish"])
        world.change("new", tags=["mail", "urgent"])
        world.merge("old", "new")
        assert world.undo("old").target.tags == ["mail", "urgent"]

    def test_what_two_merges_gave_goes_with_the_last_of_them(self, world):
        self.two(world)
        world.has("third", tags=["phish"], tlp=Tlp.AMBER_STRICT)
        world.merge("old", "new")
        world.merge("third", "new")
        assert world.undo("old").target.tags == ["mail", "urgent", "phish"]
        assert world.get("new").tlp is Tlp.AMBER_STRICT
        after = world.undo("third").target
        assert (after.tags, after.tlp, after.merged_ids, after.links) == (["mail", "urgent"], Tlp.GREEN, [], [])

    def test_what_does_not_fit_stays_and_is_told(self, world):
        tags = [f"tag {n}" for n in range(49)]
        self.two(world, tags=tags)
        done = world.merge("old", "new")
        assert (done.target.tags, done.left_out) == ([*tags, "phish"], {"tags": 1})
        assert "1 tags" in world.timeline("new")[0].note
        assert world.undo("old").target.tags == tags

    def test_what_cannot_be_merged(self, world):
        self.two(world)
        world.has("third")
        with pytest.raises(ConflictError, match="itself"):
            world.merge("old", "old")
        with pytest.raises(ConflictError, match="was not merged"):
            world.undo("old")
        world.merge("old", "new")
        for source, into in (("new", "old"), ("third", "old"), ("old", "third")):
            with pytest.raises(ConflictError, match="was merged into another"):
                world.merge(source, into)
        world.change("new", **CLOSED)
        with pytest.raises(ConflictError, match="is closed"):
            world.merge("third", "new")

    def test_a_merged_one_stays_closed_until_the_merge_is_undone(self, world):
        self.two(world)
        world.merge("old", "new")
        for change in (
            {"status": Status.ANALYSIS, "reason": "It is not the same"},
            {"outcome": Outcome.LEGITIMATE},
            {"confidential": True},
        ):
            with pytest.raises(ConflictError, match=r"[Uu]ndo"):
                world.change("old", **change)
        with pytest.raises(ConflictError, match="undo the merge"):
            world.linking.unlink(ANA, "new", "old")
        with pytest.raises(ConflictError, match="undo the merge"):
            world.link("new", "related", "old")

    def test_merging_tells_nobody_of_what_they_may_not_see(self, world):
        world.has("abc")
        world.has("secret", confidential=True, access_ids=["ana"])
        world.has("foreign", confidential=True, access_ids=["ben"])
        for source, into in (("abc", "secret"), ("secret", "abc")):
            with pytest.raises(ConflictError, match="same people"):
                world.merge(source, into)
        for source, into in (("abc", "foreign"), ("foreign", "abc")):
            with pytest.raises(NotFoundError):
                world.merge(source, into)
            with pytest.raises(NotFoundError):
                world.undo("foreign")

    def test_words_for_named_people_are_not_shown_to_another_reporter(self, world):
        for tlp in (Tlp.RED, Tlp.AMBER_STRICT):
            world.has(f"of other {tlp}", reporter_id="other", tlp=tlp)
            world.has(f"of ana {tlp}", reporter_id="ana")
            world.has(f"of emp {tlp}")
            with pytest.raises(ConflictError, match="would see its tags"):
                world.merge(f"of other {tlp}", f"of emp {tlp}")
            assert world.merge(f"of other {tlp}", f"of ana {tlp}").target.tlp is tlp

    def test_the_reporter_of_the_target_is_not_told_of_the_source(self, world):
        self.two(world)
        target = world.merge("old", "new").target
        assert (shown(EMP, target).merged_ids, shown(EMP, target).links) == ([], [])
        assert shown(OTHER, world.get("old")).merged_into == "new"


class Joining:
    def test_a_report_is_merged_by_its_reporter(self, world):
        world.has("mine", tags=["own"])
        world.has("first", reporter_id="other", tags=["secret word"])
        joined = world.join("mine", "first")
        assert (joined.status, joined.merged_into) == (Status.CLOSED, "first")
        assert world.get("first").reference in joined.summary
        assert "secret word" not in joined.model_dump_json()
        assert world.get("first").tags == ["secret word", "own"]
        assert [world.timeline(one)[0].kind for one in ("mine", "first")] == [TimelineKind.JOINED] * 2
        assert world.timeline("first")[0].internal
        assert world.join("mine", "first") == joined
        assert world.get("first").version == 2
        assert world.undo("mine").target.tags == ["secret word"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": Status.CLOSED},
            {"confidential": True, "access_ids": ["ana"]},
            {"tlp": Tlp.RED},
            {"tlp": Tlp.AMBER_STRICT},
            {"merged_into": "elsewhere"},
        ],
    )
    def test_what_cannot_be_joined_is_not_there(self, world, changes):
        world.has("mine")
        world.has("first", reporter_id="other", **changes)
        said = set()
        for other in (
            OtherIncident(incident_id="first"),
            OtherIncident(incident_id="nothing"),
            OtherIncident(reference=world.get("first").reference),
            OtherIncident(reference="INC-0000-0001"),
        ):
            with pytest.raises(NotFoundError) as refused:
                world.joining.join(EMP, "mine", other)
            said.add(str(refused.value))
        assert len(said) == 1
        assert world.get("mine").version == world.get("first").version == 1

    def test_only_ones_own_new_report(self, world):
        world.has("mine")
        world.has("first", reporter_id="other")
        for by in (OTHER, ANA):
            with pytest.raises(NotFoundError):
                world.join("mine", "first", by)
        world.change("mine", status=Status.ANALYSIS)
        with pytest.raises(ConflictError):
            world.join("mine", "first")
        world.has("named", confidential=True, access_ids=["ana"])
        with pytest.raises(ConflictError):
            world.join("named", "first")
        world.has("red", tlp=Tlp.RED)
        with pytest.raises(ConflictError, match="named people"):
            world.join("red", "first")
        world.has("same")
        world.has("both")
        world.merge("same", "both")
        with pytest.raises(ConflictError, match="merged into your report"):
            world.join("both", "first")
        world.has("self")
        with pytest.raises(ConflictError, match="itself"):
            world.join("self", "self")


class Splitting:
    def test_what_is_chosen_moves_over(self, world):
        world.has(
            "abc",
            tags=["a", "b"],
            affected_assets=["laptop", "phone"],
            observables=[observable(), observable("192.0.2.2")],
            tlp=Tlp.RED,
            confidential=True,
            access_ids=["ana"],
        )
        new = world.split(
            "abc", tags=["b"], affected_assets=["phone"], observables=[Trace(type="ip", value="192.0.2.2")]
        )
        assert (new.tags, new.affected_assets) == (["b"], ["phone"])
        assert [one.value for one in new.observables] == ["192.0.2.2"]
        assert (new.reporter_id, new.tlp, new.confidential, new.access_ids) == ("emp", Tlp.RED, True, ["ana"])
        old = world.get("abc")
        assert (old.tags, old.affected_assets) == (["a"], ["laptop"])
        assert [one.value for one in old.observables] == ["192.0.2.1"]
        assert old.links == [Link(kind=LinkKind.RELATED, incident_id=new.id)]
        assert new.links == [Link(kind=LinkKind.RELATED, incident_id="abc")]
        (entry,) = world.timeline("abc")
        assert (entry.kind, entry.about, entry.version) == (TimelineKind.SPLIT, new.id, 2)
        assert [one.kind for one in world.timeline(new.id)] == [TimelineKind.REPORTED, TimelineKind.SPLIT]

    def test_the_words_of_the_new_one_are_looked_through(self, world):
        world.has("abc")
        assert world.split("abc", description="From 192.0.2.9 it came.").observables[0].value == "192.0.2.9"

    def test_only_what_is_there_moves(self, world):
        world.has("abc", tags=["a"])
        with pytest.raises(InvalidInputError) as refused:
            world.split("abc", tags=["a", "z"], affected_assets=["z"], observables=[Trace(type="ip", value="z")])
        assert set(refused.value.fields) == {"tags", "affected_assets", "observables"}

    def test_a_key_splits_once(self, world):
        world.has("abc", tags=["a"])
        first = world.split("abc", key="k", tags=["a"])
        assert world.split("abc", key="k", tags=["a"]) == first
        with pytest.raises(IdempotencyMismatchError):
            world.split("abc", key="k", tags=[])
        assert world.split("abc", key="other").id != first.id
        assert len(world.get("abc").links) == 2

    def test_neither_a_closed_one_nor_anothers(self, world):
        world.has("abc")
        world.has("secret", confidential=True, access_ids=["ben"])
        for by, incident_id in ((ANA, "secret"), (EMP, "abc"), (ANA, "nothing")):
            with pytest.raises(NotFoundError):
                world.split(incident_id, by)
        world.change("abc", **CLOSED)
        with pytest.raises(ConflictError):
            world.split("abc")
        assert world.store.get(INCIDENTS, "abc").links == []
