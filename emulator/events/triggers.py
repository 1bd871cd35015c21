"""Which function wants which event, from the manifest that the Firebase CLI reads (functions.yaml)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from emulator.events.manifest import ManifestError, endpoints_of, region_of


@dataclass(frozen=True)
class Trigger:
    """One function's wish: events of a type whose attributes equal `filters` and match `path_patterns`."""

    function: str
    event_type: str
    filters: Mapping[str, str]
    path_patterns: Mapping[str, str]
    retry: bool
    region: str

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {name: path_pattern(pattern) for name, pattern in self.path_patterns.items()}

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Whether an event with these attributes is wanted."""
        return all(attributes.get(name) == value for name, value in self.filters.items()) and all(
            name in attributes and pattern.fullmatch(attributes[name].strip("/"))
            for name, pattern in self._patterns.items()
        )


def path_pattern(pattern: str) -> re.Pattern[str]:
    """Eventarc's path patterns (https://cloud.google.com/eventarc/docs/path-patterns) as an expression.

    `*` and `{name}` stand for one segment or, beside other text, a part of one; `**` and `{name=**}` for any number of
    segments, also none.
    """
    expression = ""
    separator = ""  # what the next segment puts before itself
    for segment in pattern.strip("/").split("/"):
        capture = re.fullmatch(r"\{[^/{}=]+(?:=(\*\*?))?\}", segment)
        wild = (capture[1] or "*") if capture else segment
        if wild == "**":
            # Zero segments take their slash with them.
            expression += f"(?:{separator}[^/]+(?:/[^/]+)*)?" if separator else "(?:[^/]+(?:/[^/]+)*(?:/|\\Z))?"
            separator = separator and "/"
        else:
            text = "[^/]+" if wild == "*" else "[^/]*".join(re.escape(piece) for piece in wild.split("*"))
            expression += separator + text
            separator = "/"
    return re.compile(expression)


class TriggerRegistry:
    """Every trigger, by the type of its events. While it is not `enabled`, no event is wanted, and so each is lost."""

    def __init__(self, triggers: Iterable[Trigger] = ()) -> None:
        self.enabled = True
        self._by_type: dict[str, list[Trigger]] = defaultdict(list)
        for trigger in triggers:
            self._by_type[trigger.event_type].append(trigger)

    @classmethod
    def from_manifest(cls, path: Path | None, project: str | None = None) -> TriggerRegistry:
        """The triggers of the manifest; none without one.

        Raises:
            ManifestError: it cannot be read or says something else than triggers.
        """
        if path is None:
            return cls()
        endpoints = endpoints_of(path, project)
        try:
            return cls(_triggers(endpoints))
        except ManifestError as error:
            raise ManifestError(f"{path}: {error}") from error

    def of_type(self, event_type: str) -> Sequence[Trigger]:
        """All triggers for events of the type."""
        return self._by_type.get(event_type, ())

    def matching(self, event_type: str, attributes: Mapping[str, str]) -> Sequence[Trigger]:
        """The triggers that want an event of the type with the attributes."""
        if not self.enabled:
            return ()
        return [trigger for trigger in self.of_type(event_type) if trigger.matches(attributes)]


def _triggers(endpoints: Mapping[Any, Any]) -> Iterable[Trigger]:
    for name, endpoint in endpoints.items():
        if not isinstance(endpoint, dict):
            raise ManifestError(f"endpoint {name} is no mapping")
        if (wish := endpoint.get("eventTrigger")) is None:
            continue
        if not isinstance(wish, dict) or not isinstance(wish.get("eventType"), str):
            raise ManifestError(f"endpoint {name} has an eventTrigger without an eventType")
        yield Trigger(
            function=str(name),
            event_type=wish["eventType"],
            filters=_strings(name, "eventFilters", wish),
            path_patterns=_strings(name, "eventFilterPathPatterns", wish),
            retry=wish.get("retry") is True,
            region=region_of(name, endpoint),
        )


def _strings(name: object, key: str, wish: Mapping[str, Any]) -> dict[str, str]:
    value = wish.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(part, str) for pair in value.items() for part in pair):
        raise ManifestError(f"endpoint {name} has {key} that are no strings")
    return dict(value)
