"""Which expressions of rules were not exercised, as the embedded services count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def unexercised(coverage: Mapping[str, Any]) -> list[str]:
    """What was never evaluated, and what came to be true only or false only: line, expression, and what is missing."""
    source = coverage["rules"]["files"][0]["content"]
    return [line for entry in coverage["report"] for line in _of(entry, source)]


def expressions(coverage: Mapping[str, Any]) -> int:
    """How many expressions there are."""
    return sum(1 + expressions({"report": entry.get("children", [])}) for entry in coverage["report"])


def _of(entry: Mapping[str, Any], source: str) -> Iterator[str]:
    position = entry["sourcePosition"]
    text = " ".join(source[position["currentOffset"] : position["endOffset"] + 1].split())
    if missing := _missing([seen["value"] for seen in entry["values"]]):
        yield f"line {position['line']}: {text}: {missing}"
    for child in entry.get("children", []):
        yield from _of(child, source)


def _missing(values: list[Mapping[str, Any]]) -> str:
    decided = [value for value in values if not value.keys() & {"undefined", "constraintValue"}]
    if not decided:
        return "never evaluated"
    truths = {value["boolValue"] for value in decided if "boolValue" in value}
    if len(truths) != 1:
        return ""
    return "never false" if truths == {True} else "never true"
