from __future__ import annotations

from pathlib import Path

import pytest
from firebase_functions.private.path_pattern import PathPattern
from hypothesis import given
from hypothesis import strategies as st

from emulator.events.manifest import ManifestError
from emulator.events.triggers import TriggerRegistry, path_pattern

CREATED = "google.cloud.firestore.document.v1.created"
MANIFEST = """
endpoints:
  page:
    httpsTrigger: {}
    region: [europe-west1]
  incident_created:
    eventTrigger:
      eventFilterPathPatterns: {document: "incidents/{id}"}
      eventFilters: {database: (default)}
      eventType: google.cloud.firestore.document.v1.created
      retry: true
    region: [europe-west1]
  anything_created:
    eventTrigger:
      eventFilterPathPatterns: {document: "{all=**}"}
      eventType: google.cloud.firestore.document.v1.created
      retry: false
    region: [us-central1]
"""


def functions(registry: TriggerRegistry, database: str, document: str) -> list[str]:
    wanted = registry.matching(CREATED, {"database": database, "document": document})
    return [trigger.function for trigger in wanted]


def test_triggers_are_chosen_by_type_filters_and_patterns(tmp_path: Path) -> None:
    path = tmp_path / "functions.yaml"
    path.write_text(MANIFEST)
    registry = TriggerRegistry.from_manifest(path)
    assert functions(registry, "(default)", "incidents/1") == ["incident_created", "anything_created"]
    assert functions(registry, "other", "incidents/1") == ["anything_created"]
    assert functions(registry, "(default)", "incidents/1/messages/2") == ["anything_created"]
    assert registry.matching("google.cloud.firestore.document.v1.deleted", {"document": "incidents/1"}) == []
    created, anything = registry.of_type(CREATED)
    assert (created.region, created.retry) == ("europe-west1", True)
    assert (anything.region, anything.retry) == ("us-central1", False)


def test_an_event_without_the_attribute_of_a_pattern_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "functions.yaml"
    path.write_text(MANIFEST)
    assert TriggerRegistry.from_manifest(path).matching(CREATED, {"database": "(default)"}) == []


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("incidents/{id}", "incidents/7", True),
        ("incidents/{id}", "incidents/7/messages/1", False),
        ("incidents/{id}", "incidents", False),
        ("incidents/*", "incidents/7", True),
        ("/incidents/{id=*}/", "incidents/7", True),
        ("incidents/**", "incidents/7/messages/1", True),
        ("incidents/**", "incidents", True),
        ("incidents/**", "incidentsx/7", False),
        ("**/messages/{id}", "incidents/7/messages/1", True),
        ("**/messages/{id}", "messages/1", True),
        ("**/messages/{id}", "xmessages/1", False),
        ("{root=**}/messages/{id}", "a/b/c/d/messages/1", True),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "az", False),
        ("logs/2026-*", "logs/2026-11", True),
        ("logs/2026-*", "logs/2025-11", False),
        ("a.c/{id}", "abc/1", False),
        ("**", "a/b", True),
    ],
)
def test_path_patterns(pattern: str, path: str, matches: bool) -> None:  # a table's column
    assert (path_pattern(pattern).fullmatch(path) is not None) is matches


SEGMENT = st.text(st.characters(exclude_characters="/*{}", exclude_categories=["Cs"]), min_size=1, max_size=6)
PIECES = st.one_of(
    st.tuples(SEGMENT, st.none()),
    st.tuples(st.just("{a}"), SEGMENT),
    st.tuples(st.just("*"), SEGMENT),
)


@given(pieces=st.lists(PIECES, min_size=1, max_size=6), more=st.lists(SEGMENT, min_size=1, max_size=4), data=st.data())
def test_a_path_made_from_a_pattern_matches_it_and_captures_what_google_s_own_captures(
    pieces: list[tuple[str, str | None]], more: list[str], data: st.DataObject
) -> None:
    pattern = [f"{{v{number}}}" if piece == "{a}" else piece for number, (piece, _) in enumerate(pieces)]
    path = [filling or piece for piece, filling in pieces]
    at = data.draw(st.integers(0, len(pieces)))
    pattern.insert(at, "{rest=**}")
    path[at:at] = more
    assert path_pattern("/".join(pattern)).fullmatch("/".join(path)) is not None
    captured = PathPattern("/".join(pattern)).extract_matches("/".join(path))
    assert captured["rest"] == "/".join(more)
    assert all(captured[f"v{n}"] == filling for n, (piece, filling) in enumerate(pieces) if piece == "{a}")


@given(pieces=st.lists(PIECES, min_size=1, max_size=6), extra=SEGMENT)
def test_without_a_double_star_the_number_of_segments_decides(pieces: list[tuple[str, str | None]], extra: str) -> None:
    expression = path_pattern("/".join(piece for piece, _ in pieces))
    path = [filling or piece for piece, filling in pieces]
    assert expression.fullmatch("/".join(path)) is not None
    assert expression.fullmatch("/".join([*path, extra])) is None
    assert expression.fullmatch("/".join(path[:-1])) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("endpoints: [", "cannot be read"),
        ("just text", "has no endpoints"),
        ("endpoints: []", "has no endpoints"),
        ("endpoints: {f: 3}", "endpoint f is no mapping"),
        ("endpoints: {f: {eventTrigger: {}, region: [r]}}", "without an eventType"),
        ("endpoints: {f: {eventTrigger: {eventType: t, eventFilters: {a: 1}}, region: [r]}}", "eventFilters"),
        ("endpoints: {f: {eventTrigger: {eventType: t}}}", "names no region"),
    ],
)
def test_a_malformed_manifest_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "functions.yaml"
    path.write_text(text)
    with pytest.raises(ManifestError, match=says) as refused:
        TriggerRegistry.from_manifest(path)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_missing_manifest_is_refused_and_none_is_no_triggers(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        TriggerRegistry.from_manifest(tmp_path / "absent.yaml")
    assert TriggerRegistry.from_manifest(None).of_type(CREATED) == ()


PARAMETERS = """
endpoints:
  uploaded:
    eventTrigger:
      eventFilters: {bucket: "{{ params.BUCKET_OF_TEST }}"}
      eventType: google.cloud.storage.object.v1.finalized
    region: [europe-west1]
params:
  - {name: BUCKET_OF_TEST, type: string, default: "{{ params.PROJECT_ID }}-files"}
"""
FINALIZED = "google.cloud.storage.object.v1.finalized"


def test_parameters_have_the_environments_value_or_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "functions.yaml"
    path.write_text(PARAMETERS)
    (trigger,) = TriggerRegistry.from_manifest(path, "demo-x").of_type(FINALIZED)
    assert trigger.filters == {"bucket": "demo-x-files"}
    monkeypatch.setenv("BUCKET_OF_TEST", "other")
    (trigger,) = TriggerRegistry.from_manifest(path, "demo-x").of_type(FINALIZED)
    assert trigger.filters == {"bucket": "other"}


@pytest.mark.parametrize("default", ["", ', default: "{{ params.BUCKET_OF_TEST }}"', ', default: "{{ params.NONE }}"'])
def test_a_parameter_without_a_value_is_an_error(tmp_path: Path, default: str) -> None:
    path = tmp_path / "functions.yaml"
    path.write_text(PARAMETERS.replace(', default: "{{ params.PROJECT_ID }}-files"', default))
    with pytest.raises(ManifestError, match="has no value"):
        TriggerRegistry.from_manifest(path, "demo-x")
