"""The rules by themselves: which calls they strike, in which order, how often."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import SystemClock
from emulator.faults.calls import Fault
from emulator.faults.injector import Injector
from emulator.faults.rules import KINDS, Kind, Rule, RuleError

calls = st.lists(st.sampled_from(["Commit", "Listen", "RunQuery"]), max_size=60)
rules = st.builds(
    lambda call, kind, probability, every, count, seed: Rule.of(
        {
            "service": "firestore",
            "call": call,
            "kind": kind,
            **({"every": every} if every else {"probability": probability}),
            "count": count,
            "seed": seed,
        }
    ),
    st.sampled_from(["*", "Commit", "[CL]*", "Rol?back"]),
    st.sampled_from(["aborted", "unavailable", "throttled", "lost-response"]),
    st.floats(0, 1),
    st.none() | st.integers(1, 5),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(0, 99),
)


def injector(*wanted: Rule, seed: int = 0) -> Injector:
    made = Injector(SystemClock())
    made.replace(wanted, seed)
    return made


def outcomes(made: Injector, sequence: list[str], service: str = "firestore") -> list[str]:
    """What became of each call: its answer's code, or nothing."""

    async def call(name: str) -> str:
        try:
            await made.before(service, name)
            await made.after(service, name)
        except Fault as fault:
            return f"{fault.code} {fault.message}"
        return ""

    async def all_calls() -> list[str]:
        return [await call(name) for name in sequence]

    return asyncio.run(all_calls())


@given(st.lists(rules, max_size=4), calls, st.integers(0, 2**40))
def test_the_same_calls_meet_the_same_faults(wanted: list[Rule], sequence: list[str], seed: int) -> None:
    assert outcomes(injector(*wanted, seed=seed), sequence) == outcomes(injector(*wanted, seed=seed), sequence)


@given(rules, calls)
def test_a_rule_strikes_only_what_it_matches_and_not_too_often(rule: Rule, sequence: list[str]) -> None:
    made = injector(rule)
    struck = [name for name, outcome in zip(sequence, outcomes(made, sequence), strict=True) if outcome]
    assert all(rule.matches("firestore", name) for name in struck)
    assert rule.count is None or len(struck) <= rule.count
    (active,) = made.rules
    assert active.struck == len(struck)
    assert active.matched == sum(rule.matches("firestore", name) for name in sequence)


@given(calls, calls, st.floats(0, 1))
def test_calls_that_a_rule_does_not_match_do_not_change_what_it_strikes(
    sequence: list[str], others: list[str], probability: float
) -> None:
    rule = Rule("firestore", Kind.ABORTED, "Commit", probability=probability)
    alone = outcomes(injector(rule), [name for name in sequence if name == "Commit"])
    mixed = [name for pair in zip(sequence, [*others, *sequence], strict=False) for name in pair]
    among = outcomes(injector(rule), [name if name == "Commit" else "Other" for name in sequence])
    assert alone == [outcome for name, outcome in zip(sequence, among, strict=True) if name == "Commit"]
    assert len(outcomes(injector(rule), mixed, "pubsub")) == len(mixed)


def test_every_third_call_and_at_most_two() -> None:
    rule = Rule.parse("service=firestore,call=Commit,kind=aborted,every=3,count=2")
    struck = [bool(outcome) for outcome in outcomes(injector(rule), ["Commit"] * 10)]
    assert [number for number, one in enumerate(struck, 1) if one] == [3, 6]


def test_another_seed_strikes_other_calls() -> None:
    rule = Rule.parse("service=firestore,kind=aborted,probability=0.5")
    sequence = ["Commit"] * 64
    assert outcomes(injector(rule, seed=1), sequence) != outcomes(injector(rule, seed=2), sequence)
    own = Rule.parse("service=firestore,kind=aborted,probability=0.5,seed=5")
    assert outcomes(injector(own, seed=1), sequence) == outcomes(injector(own, seed=2), sequence)


def test_about_as_many_calls_fail_as_is_asked_for() -> None:
    rule = Rule.parse("service=firestore,kind=unavailable,probability=0.1")
    assert 60 < sum(map(bool, outcomes(injector(rule), ["Commit"] * 1000))) < 140


def test_the_first_rule_s_error_is_the_answer_and_only_it_counts() -> None:
    made = injector(Rule("firestore", Kind.ABORTED), Rule("firestore", Kind.UNAVAILABLE))
    assert outcomes(made, ["Commit"]) == ["10 Fault injected by rule 0: aborted."]
    assert [active.struck for active in made.rules] == [1, 0]


def test_the_last_hundred_strikes_are_remembered_the_latest_first() -> None:
    made = injector(Rule("firestore", Kind.ABORTED))
    outcomes(made, ["Commit"] * 150)
    assert [strike.number for strike in made.latest] == list(range(150, 50, -1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "firestore",
        "service=firestore",
        "service=nothing,kind=aborted",
        "service=firestore,kind=kill",
        "service=events,kind=aborted",
        "service=scheduler,kind=reorder",
        "service=firestore,kind=aborted,probability=1.5",
        "service=firestore,kind=aborted,probability=nan",
        "service=firestore,kind=aborted,probability=x",
        "service=firestore,kind=aborted,every=0",
        "service=firestore,kind=aborted,every=1.5",
        "service=firestore,kind=aborted,every=2,probability=0.5",
        "service=firestore,kind=aborted,count=0",
        "service=firestore,kind=delay,delay=-1",
        "service=firestore,kind=delay,delay=1e9",
        "service=firestore,kind=aborted,seed=-1",
        "service=firestore,kind=aborted,colour=red",
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        Rule.parse(text)


@pytest.mark.parametrize("value", [None, [], "x", {"service": 1, "kind": "aborted"}, {"service": "mail", "kind": []}])
def test_what_is_no_rule_in_json_is_refused(value: object) -> None:
    with pytest.raises(RuleError):
        Rule.of(value)


@pytest.mark.parametrize(("service", "kind"), [(service, kind) for service in KINDS for kind in KINDS[service]])
def test_every_kind_can_be_named(service: str, kind: Kind) -> None:
    rule = Rule.parse(f"service={service},kind={kind}")
    assert Rule.of(rule.to_json() | {"probability": 1.0}) == rule


def test_there_are_at_most_a_hundred_rules() -> None:
    made = injector(*[Rule("firestore", Kind.ABORTED)] * 100)
    with pytest.raises(RuleError):
        made.add(Rule("firestore", Kind.ABORTED))
    with pytest.raises(RuleError):
        made.replace([Rule("firestore", Kind.ABORTED)] * 101, 0)
