from __future__ import annotations

from datetime import timedelta

import pytest

from shared.ai.categorizer import Categorizer
from shared.domain.errors import NotFoundError
from shared.domain.incident import Incident, Provenance, Source
from shared.domain.taxonomy import Category, Severity
from shared.services.analysis.analyzing import IncidentAnalysis
from tests.builders import RECORD, incident
from tests.fakes import FakeClock, FakeIncidents

RANSOM = {
    "title": "Ransomware on the file server",
    "description": "All files are encrypted and a ransom note demands bitcoin. 1,200 patient records are affected.",
}


def analyse(made: Incident, times: int = 1) -> Incident:
    incidents = FakeIncidents()
    incidents.add(made)
    clock = FakeClock()
    analysis = IncidentAnalysis(incidents, RECORD, Categorizer.load(), clock)
    for _ in range(times):
        result = analysis.analyze(made.id)
        clock.advance(timedelta(minutes=5))
    return result


def test_an_analysis_fills_what_nobody_has_said():
    after = analyse(incident(**RANSOM))
    assert after.category is Category.RANSOMWARE
    assert after.category_tag == Category.RANSOMWARE.rsit_tag
    assert after.analysis is not None
    assert after.severity is after.analysis.severity.severity
    assert after.provenance == Provenance(category=Source.AI, severity=Source.AI, priority=Source.AI)
    assert after.version == 2


def test_doing_it_again_changes_nothing():
    assert analyse(incident(**RANSOM), times=3) == analyse(incident(**RANSOM))


@pytest.mark.parametrize("who", [Source.REPORTER, Source.TEAM])
def test_a_persons_word_is_never_overwritten(who):
    said = {"category": Category.MALWARE, "severity": Severity.LOW}
    after = analyse(incident(**RANSOM, **said, provenance=Provenance(category=who, severity=who)))
    assert (after.category, after.severity) == (Category.MALWARE, Severity.LOW)
    assert after.analysis is not None
    assert after.analysis.categorization.category is Category.RANSOMWARE
    assert after.provenance.category is who


def test_changed_words_are_judged_anew():
    before = analyse(incident(**RANSOM))
    words = {"title": "Laptop stolen", "description": "A laptop was stolen from a parked car overnight."}
    after = analyse(before.model_copy(update=words))
    assert after.category is Category.LOST_OR_STOLEN
    assert after.analysis is not None
    assert before.analysis is not None
    assert after.analysis.input_hash == after.input_hash != before.analysis.input_hash


def test_a_model_that_is_not_sure_leaves_the_category_to_people():
    after = analyse(incident(title="???", description="Zxqv wrtp plmk qqqq zzzz."))
    assert after.analysis is not None
    assert after.analysis.categorization.abstained
    assert (after.category, after.provenance.category) == (None, None)
    assert after.severity is not None


def test_there_is_nothing_to_analyse_without_an_incident():
    with pytest.raises(NotFoundError):
        IncidentAnalysis(FakeIncidents(), RECORD, Categorizer.load(), FakeClock()).analyze("nowhere")
