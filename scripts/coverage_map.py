"""`emulator/COVERAGE.md`: what the embedded services do, feature by feature, each with the tests that show it.

The features are listed in `tests/emulator/coverage.toml`; what a feature names there is looked up among the tests that
pytest collects. A pattern that finds no test is an error, so no line outlives its proof.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path as FilePath
from typing import Any, Final

from emulator.rules.values import Duration, LatLng, MapDiff, Path, RuleSet, Timestamp

ROOT: Final = FilePath(__file__).parents[1]
CATALOGUE: Final = ROOT / "tests" / "emulator" / "coverage.toml"
TARGET: Final = ROOT / "emulator" / "COVERAGE.md"
_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    RuleSet: "set",
    MapDiff: "map_diff",
    Path: "path",
    Timestamp: "timestamp",
    Duration: "duration",
    LatLng: "latlng",
}
_HEADER: Final = """# What the embedded services do

Written by `python -m scripts.generated` from `tests/emulator/coverage.toml` and the tests it names; a check fails when
a named test is gone. **supported**: as Google documents it, as far as we know; **partial**: with the limits that are
named; **absent**: refused with a clear error.
"""


class CatalogueError(Exception):
    """The catalogue names tests that are not there, or lacks a word where it needs one."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One line: `tests` are patterns of test ids below `tests/emulator/`; `note` says what is missing."""

    name: str
    tests: Sequence[str]
    note: str

    @property
    def status(self) -> str:
        """supported, partial or absent."""
        if not self.tests:
            return "absent"
        return "partial" if self.note else "supported"


def make() -> str:
    """The document.

    Raises:
        CatalogueError: a pattern finds no test, or a feature has neither tests nor a note.
    """
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    collected = _collect()
    lines = [_HEADER]
    features = {area["title"]: list(_features(area)) for area in catalogue["area"]}
    features |= {area["title"]: list(_library(area["tests"], collected)) for area in catalogue["rules_library"]}
    lines += _summary(features)
    for title, listed in features.items():
        lines += ["", f"## {title}", "", "| feature | status | shown by |", "|---|---|---|"]
        lines += [f"| {one.name} | {_status(one)} | {_shown_by(one, collected)} |" for one in listed]
    return "\n".join(lines) + "\n"


def _features(area: Mapping[str, Any]) -> Iterator[Feature]:
    for one in area["feature"]:
        tests = one.get("tests", [])
        feature = Feature(one["name"], [tests] if isinstance(tests, str) else tests, one.get("note", ""))
        if not feature.tests and not feature.note:
            raise CatalogueError(f"{CATALOGUE.name}: {feature.name!r} has neither tests nor a note")
        yield feature


def _library(pattern: str, collected: Sequence[str]) -> Iterator[Feature]:
    """Every function of the rules language by its type or namespace; their tests are named by what they evaluate."""
    from emulator.rules.library.dispatch import FUNCTIONS, METHODS, NAMESPACES

    named = {_TYPES[kind]: [f".{name}(" for name in table] for kind, table in METHODS.items()}
    named |= {f"{space}.*": [f"{space}.{name}(" for name in table] for space, table in NAMESPACES.items()}
    named["global"] = [f"{name}(" for name in FUNCTIONS]
    tests = [test for test in collected if fnmatchcase(test, pattern)]
    for title, calls in named.items():
        if missing := [call for call in calls if not any(call in test for test in tests)]:
            raise CatalogueError(f"no test of {pattern} evaluates {', '.join(missing)} of {title}")
        yield Feature(f"{title}: {', '.join(call.strip('.(') for call in calls)}", [pattern], "")


def _summary(features: Mapping[str, Sequence[Feature]]) -> Iterator[str]:
    yield "| area | supported | partial | absent |"
    yield "|---|---|---|---|"
    for title, listed in features.items():
        counts = [sum(one.status == status for one in listed) for status in ("supported", "partial", "absent")]
        yield f"| {title} | {' | '.join(map(str, counts))} |"


def _status(feature: Feature) -> str:
    return f"{feature.status}: {feature.note}" if feature.note else feature.status


def _shown_by(feature: Feature, collected: Sequence[str]) -> str:
    files: dict[str, int] = {}
    for pattern in feature.tests:
        found = [test for test in collected if fnmatchcase(test, pattern) or fnmatchcase(test, f"{pattern}[[]*")]
        if not found:
            raise CatalogueError(f"{CATALOGUE.name}: {feature.name!r}: no test is called {pattern!r}")
        for test in found:
            file = test.partition("::")[0]
            files[file] = files.get(file, 0) + 1
    return ", ".join(f"[{file}](../tests/emulator/{file}) ({count})" for file, count in files.items()) or "none"


def _collect() -> list[str]:
    """The ids of all tests of the embedded services, below `tests/emulator/`."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, "tests/emulator"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CatalogueError(f"the tests cannot be collected:\n{done.stdout}{done.stderr}")
    prefix = "tests/emulator/"
    return [line.removeprefix(prefix) for line in done.stdout.splitlines() if line.startswith(prefix)]
