from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.ai.linear_model import LinearTextModel, ModelFileError
from shared.ai.quantities import largest_quantity
from shared.ai.records import DEFAULT_MODEL, RecordEstimator
from shared.ai.severity import MODEL, WEIGHTS, assess_severity
from shared.domain.taxonomy import Category, Severity


def factor(answer, name):
    return next(factor for factor in answer.factors if factor.name == name)


def test_the_score_is_the_sum_of_its_factors():
    answer = assess_severity(
        "All servers are encrypted, criminals demand a ransom. 40,000 patient records were copied."
    )

    total = sum(factor.weight * factor.value for factor in answer.factors)
    assert answer.score == min(100, round(total))
    assert [factor.name for factor in answer.factors] == list(WEIGHTS)
    assert answer.model == MODEL


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("Every server is encrypted for ransom, 2.3 million patients", Severity.CRITICAL, Severity.CRITICAL),
        ("Hackers stole the database with credit card numbers of 300,000 customers.", Severity.HIGH, Severity.CRITICAL),
        ("I sent one letter to the wrong customer by mistake.", Severity.INFORMATIONAL, Severity.LOW),
        ("The printer is out of toner.", Severity.INFORMATIONAL, Severity.INFORMATIONAL),
        ("", Severity.INFORMATIONAL, Severity.MEDIUM),
    ],
    ids=["hospital", "card database", "one letter", "printer", "empty"],
)  # fmt: skip
def test_levels_of_plain_cases(text, least, most):
    assert least.rank <= assess_severity(text).severity.rank <= most.rank


@settings(deadline=None, max_examples=200)
@given(
    st.integers(min_value=1, max_value=2_000_000_000),
    st.integers(min_value=1, max_value=2_000_000_000),
    st.sampled_from(list(Category)),
    st.sampled_from(["{:,} customers are affected", "we lost the files of {:,} patients", "about {:,} records"]),
)
def test_more_records_never_lower_the_score(first, second, category, sentence):
    fewer, more = sorted((first, second))

    low = assess_severity(sentence.format(fewer), category=category)
    high = assess_severity(sentence.format(more), category=category)

    assert low.score <= high.score
    assert low.severity.rank <= high.severity.rank


@pytest.mark.parametrize(
    ("name", "addition"),
    [
        ("data_kinds", "Medical records are in it."),
        ("assets", "It is the domain controller."),
        ("spread", "Every computer shows it."),
        ("privileged_access", "They have domain admin rights."),
        ("active_exploitation", "It is still ongoing."),
        ("service_outage", "Nobody can work."),
        ("actor", "A ransomware gang did it."),
        ("safety", "An ambulance could not be sent."),
    ],
)
def test_each_finding_raises_its_factor_and_the_score_and_is_quoted(name, addition):
    text = "Something strange on a screen about 300 customers."  # whose number is then not estimated
    before = assess_severity(text, category=Category.HACKING)
    after = assess_severity(f"{text} {addition}", category=Category.HACKING)

    assert after.score > before.score
    assert factor(after, name).value > factor(before, name).value
    assert factor(after, name).evidence.split(", ")[0] in addition


def test_encryption_of_a_lost_device_lowers_the_score():
    plain = assess_severity("My laptop was stolen from the car.", category=Category.LOST_OR_STOLEN)
    safe = assess_severity(
        "My laptop was stolen from the car. The disk is encrypted.", category=Category.LOST_OR_STOLEN
    )

    assert factor(safe, "protection").value == 1.0
    assert safe.score < plain.score


@pytest.mark.parametrize(
    "text",
    [
        "My laptop was stolen. It is not encrypted.",
        "My laptop was stolen. It was never encrypted.",
        "My laptop was stolen. The disk wasn't encrypted.",
        "All our files are encrypted and they want bitcoin.",
    ],
)
def test_missing_or_hostile_encryption_protects_nothing(text):
    assert factor(assess_severity(text), "protection").value == 0


def test_what_is_denied_does_not_count():
    assert factor(assess_severity("No medical records were on it."), "data_kinds").value == 0
    assert factor(assess_severity("It is gone, but medical records were on it."), "data_kinds").value > 0


def test_named_assets_count_like_words_of_the_text():
    without = assess_severity("A strange login was seen.", category=Category.HACKING)
    named = assess_severity(
        "A strange login was seen.", category=Category.HACKING, affected_assets=["Domain controller"]
    )

    assert named.score > without.score
    assert factor(named, "assets").evidence == "Domain controller"


def test_without_a_category_the_categorizer_is_asked():
    text = "I left my work laptop on the train."
    alone, given_ = assess_severity(text), assess_severity(text, category=Category.LOST_OR_STOLEN)

    assert alone.score == given_.score
    assert "categorizer" in factor(alone, "category").evidence
    assert "given" in factor(given_, "category").evidence


def test_says_when_the_number_of_records_is_assumed():
    assert factor(assess_severity("Our web site was hacked."), "records").evidence.startswith("no number stated")
    assert factor(assess_severity("Our web site was hacked, 5,000 users."), "records").evidence == "5,000 users"


def test_confidence_grows_with_what_is_stated():
    vague = assess_severity("Something is odd.")
    exact = assess_severity("Hackers copied medical records of 4,500 patients from our database.")

    assert assess_severity("").confidence == 0
    assert vague.confidence < exact.confidence <= 1


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300), st.text(max_size=40), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_gets_a_score(text, title, assets):
    answer = assess_severity(text, title, affected_assets=assets)

    assert 0 <= answer.score <= 100
    assert 0 <= answer.confidence <= 1
    assert all(0 <= factor.value <= 1 for factor in answer.factors)
    assert assess_severity(text, title, affected_assets=assets) == answer


@pytest.mark.parametrize(
    "text", ["1,234 " * 200_000, "a " * 500_000, "9" * 1_000_000, "encrypted " * 100_000, "\x00" * 1_000_000]
)
def test_a_megabyte_gets_a_score(text):
    assert 0 <= assess_severity(text).score <= 100


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("about 2.3 million customers", 2_300_000),
        ("4,500 patients", 4500),
        ("1'200'000 accounts", 1_200_000),
        ("12 000 people", 12_000),
        ("1.200 records", 1200),
        ("5k users", 5000),
        ("20 lakh customers", 2_000_000),
        ("half a million users", 500_000),
        ("several hundred staff", 200),
        ("dozens of files", 24),
        ("tens of thousands of people", 20_000),
        ("twelve current and former employees", 12),
        ("12 departments and 30,000 customers", 30_000),
        ("in the end 2015 patients", 2015),
        ("How many victims? 6,141.", 6141),
    ],
)
def test_reads_amounts(text, amount):
    found = largest_quantity(text)
    assert found is not None
    assert found.amount == amount


@pytest.mark.parametrize(
    "text",
    ["", "in 2015 the patients", "$4,000,000 were lost", "40 gigabit a second", "call 555 123 4567", "a patient",
     "from 10.200.100.150", "3,000 dollars", "my 401k account", "90% of users", "thousands of calls",
     "serial number 999999999999999"],
)  # fmt: skip
def test_leaves_out_what_counts_nobody(text):
    assert largest_quantity(text) is None


def test_records_are_estimated_from_the_words_where_no_number_is_stated():
    estimator = RecordEstimator.load()
    many = estimator.estimate("Hackers copied the whole customer database of the web shop, with card numbers.")
    few = estimator.estimate("A letter for one patient was put into the envelope of another.")
    assert many.log10 > few.log10 + 1
    answer = assess_severity("Hackers copied the whole customer database of the web shop.", category=Category.HACKING)
    assert "estimated from the words" in factor(answer, "records").evidence


@given(st.text(max_size=300))
def test_an_estimate_of_any_text_is_a_number_of_records(text):
    estimate = RecordEstimator.load().estimate(text)
    assert 1 <= estimate.amount <= 1e9
    assert 0 <= estimate.trust <= 1


def test_words_that_the_model_does_not_know_leave_what_is_usual():
    assert RecordEstimator.load().estimate("żźć 東京 ...").trust == 0
    answer = assess_severity("żźć 東京 ...", category=Category.MALWARE)
    assert factor(answer, "records").value == pytest.approx(4.6 / 7, abs=0.001)


def test_another_model_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    model = LinearTextModel.load(DEFAULT_MODEL)
    assert model.meta["classes"] == ["log10_records"]
    LinearTextModel.build(
        (["a"], ["b"]), model.idf[:2], model.weights[:2], model.intercept, {**model.meta, "classes": ["other"]}
    ).save(path)
    with pytest.raises(ModelFileError, match="does not estimate records"):
        RecordEstimator.load(path)
