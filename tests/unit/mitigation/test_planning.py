"""Plans: every category has a good one, steps name the incident's own traces, and nothing in them is dangerous."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ai.categorizer import Categorizer
from shared.ai.mitigation.planning import defanged, effort, plan
from shared.ai.mitigation.playbook import playbook
from shared.domain.errors import NotFoundError
from shared.domain.mitigation import MitigationRequest, Phase
from shared.domain.observables import Observable, ObservableType
from shared.domain.taxonomy import Category, Severity, Status
from shared.services.analysis.mitigating import Mitigating
from tests.builders import ANALYST, incident
from tests.fakes import START

T = ObservableType
LEAST = 10
"""Steps of a plan, for whatever category but "other"."""


def steps(found, phase=None):
    return [step for one in found.phases if phase in {None, one.phase} for step in one.steps]


def ids(found):
    return {step.id for step in steps(found)}


@pytest.mark.parametrize("category", Category)
def test_every_category_has_its_own_plan_through_all_phases(category):
    found = plan(category, Severity.MEDIUM)
    assert [one.phase for one in found.phases if one.phase in {Phase.DETECTION_AND_ANALYSIS, Phase.CONTAINMENT}] == [
        Phase.DETECTION_AND_ANALYSIS,
        Phase.CONTAINMENT,
    ]
    assert found.phases[-1].phase is Phase.POST_INCIDENT
    if category is not Category.OTHER:
        assert len(steps(found)) >= LEAST
        assert {one.phase for one in found.phases} == set(Phase)
        others = set.intersection(*(ids(plan(other, Severity.MEDIUM)) for other in Category if other is not category))
        assert len(ids(found) - others) >= 5
    assert ids(found) != ids(plan(Category.OTHER, Severity.MEDIUM)) or category is Category.OTHER


def test_every_step_is_complete_and_names_a_source():
    known = re.compile(r"NIST SP 800-\d+(r\d)?, |CISA|ATT&CK (M|T|TA)\d{4}|GDPR, article \d+|PCI |FBI IC3|ICO, ")
    for step in playbook():
        assert known.match(step.source), step.source
        assert step.action.endswith(".")
        assert step.reason.endswith(".")
        assert step.minutes >= 1
        assert ("{" in step.action) == bool(step.needs), step.id
    assert len({step.id for step in playbook()}) == len(playbook())


def test_evidence_is_kept_before_anything_is_rebuilt_and_nobody_is_paid():
    for category in (Category.RANSOMWARE, Category.MALWARE, Category.HACKING):
        found = plan(category, Severity.HIGH)
        assert "evidence" in {step.id for step in steps(found, Phase.CONTAINMENT)}
    pay = [step for step in steps(plan(Category.RANSOMWARE, Severity.HIGH)) if "pay" in step.action]
    assert pay
    assert all("do not pay" in step.action for step in pay)


def test_steps_name_the_traces_of_the_incident_defanged():
    traces = [(T.IP, "198.51.100.7"), (T.DOMAIN, "evil.net"), (T.URL, "http://evil.net/a"), (T.MAIL, "x@evil.net")]
    found = {step.id: step.action for step in steps(plan(Category.PHISHING_SOCIAL, Severity.LOW, traces))}
    assert found["block-names"] == "Block evil[.]net, hxxp://evil[.]net/a at mail gateway, proxy and DNS."
    assert "198[.]51[.]100[.]7" in found["block-addresses"]
    assert "x[@]evil[.]net" in found["block-senders"]
    assert not {"block-names", "block-senders", "search-traces"} & ids(plan(Category.PHISHING_SOCIAL, Severity.LOW))


def test_of_many_traces_a_step_names_some_and_counts_the_rest():
    traces = [(T.IP, f"198.51.100.{n}") for n in range(9)]
    found = {step.id: step.action for step in steps(plan(Category.MALWARE, Severity.LOW, traces))}
    assert "and 4 more" in found["block-addresses"]


def test_what_is_serious_asks_for_more():
    assert ids(plan(Category.HACKING, Severity.CRITICAL)) - ids(plan(Category.HACKING, Severity.LOW)) == {
        "notify-people",
        "escalate",
        "retain",
    }


def test_what_is_done_stays_and_is_marked():
    found = plan(Category.MALWARE, Severity.LOW, status=Status.ERADICATION, done=["mal-patch", "no-such-step"])
    done = {step.id for step in steps(found) if step.done}
    assert {step.id for step in steps(found, Phase.CONTAINMENT)} <= done
    assert "mal-patch" in done
    assert "mal-rebuild" not in done
    assert ids(found) == ids(plan(Category.MALWARE, Severity.LOW))


@given(
    st.none() | st.sampled_from(Category),
    st.sampled_from(Severity),
    st.lists(st.tuples(st.sampled_from(ObservableType), st.text(max_size=30))),
    st.sampled_from(Status),
)
def test_any_incident_has_a_plan_whose_steps_hold_no_placeholder(category, severity, traces, status):
    found = plan(category, severity, traces, status)
    hostile = any("{" in value for _, value in traces)
    assert steps(found)
    assert hostile or not any("{" in step.action for step in steps(found))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(5, "5 minutes"), (60, "1 hour"), (240, "4 hours"), (480, "1 day"), (2880, "6 days")],
)
def test_effort_in_words(minutes, words):
    assert effort(minutes) == words


def test_a_trace_that_holds_a_placeholder_is_only_a_trace():
    found = {step.id: step.action for step in steps(plan(Category.MALWARE, Severity.LOW, [(T.FILENAME, "{ip}.exe")]))}
    assert "{ip}[.]exe" in found["block-files"]
    assert defanged("https://a.b") == "hxxps://a[.]b"


@pytest.fixture
def mitigating():
    trace = Observable(type=T.IP, value="198.51.100.7", first_seen_at=START)
    fine = Observable(type=T.IP, value="198.51.100.8", first_seen_at=START, known_good=True)
    kept = incident(category=Category.MALWARE, severity=Severity.HIGH, observables=[trace, fine])

    def read(_, incident_id):
        if incident_id != kept.id:
            raise NotFoundError("There is no such incident")
        return kept

    return Mitigating(read, Categorizer.load())


def test_an_incident_is_planned_by_what_is_known_of_it(mitigating):
    found = mitigating.plan(ANALYST, MitigationRequest(incident_id="abc"))
    assert (found.category, found.severity) == (Category.MALWARE, Severity.HIGH)
    text = " ".join(step.action for step in steps(found))
    assert "198[.]51[.]100[.]7" in text
    assert "198[.]51[.]100[.]8" not in text
    with pytest.raises(NotFoundError):
        mitigating.plan(ANALYST, MitigationRequest(incident_id="other"))


def test_a_text_is_planned_by_what_the_models_say(mitigating):
    words = "I left my work laptop on the train. It is not encrypted."
    found = mitigating.plan(ANALYST, MitigationRequest(description=words))
    assert found.category is Category.LOST_OR_STOLEN
    assert "lost-locate" in ids(found)
    assert mitigating.plan(ANALYST, MitigationRequest(description="qwrtz", done=["lessons"])).category is None


@pytest.mark.parametrize(
    "body", [{}, {"incident_id": "a", "description": "b"}, {"incident_id": "a", "category": "malware"}]
)
def test_a_request_names_one_subject(body):
    with pytest.raises(ValueError, match="incident"):
        MitigationRequest.model_validate(body)
