"""Which parts of rules were evaluated, how often, and what they came to. Thread-safe.

Source of the JSON: `GET /emulator/v1/projects/P:ruleCoverage` of the official emulator.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Any, Final

from emulator.rules.errors import EvaluationError
from emulator.rules.evaluation import Step
from emulator.rules.nodes import Expression, Literal
from emulator.rules.source import Source
from emulator.rules.values import Path, Unknown, kind_of

_MAX_VALUES: Final = 32  # distinct values kept of one expression; those after them count by their type
_MAX_TEXT: Final = 100
_EMPTY: Final = {"map": "mapValue", "list": "listValue", "set": "setValue", "map_diff": "mapDiffValue"}

Seen = tuple[str, Any]
"""A value as it is counted: the member of the JSON it goes to, and what stands there."""


class Coverage:
    """Counts of one ruleset."""

    def __init__(self, source: Source, expressions: list[Expression], roots: list[Expression]) -> None:
        """`roots`: the conditions of allows, the variables and results of functions, in the order of the source."""
        self._source = source
        self._roots = roots
        self._counts: list[Counter[Seen]] = [Counter() for _ in expressions]
        self._lock = Lock()

    def record(self, steps: Iterable[Step]) -> None:
        """Count one evaluation and all below it."""
        with self._lock:
            pending = list(steps)
            while pending:
                step = pending.pop()
                counts = self._counts[step.node.number]
                seen = _seen(step.outcome)
                if seen not in counts and len(counts) >= _MAX_VALUES:
                    seen = (seen[0], None)
                counts[seen] += 1
                pending += step.steps

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            for counts in self._counts:
                counts.clear()

    def as_json(self) -> dict[str, Any]:
        """{"rules": {"files": [{"content": ...}]}, "report": [{"sourcePosition", "values", "children"}]}.

        Lines and columns count from 1, offsets are of characters, the end included; literals are left out.
        """
        with self._lock:
            report = [self._entry(root) for root in self._roots if _is_reported(root)]
        return {"rules": {"files": [{"content": self._source.text}]}, "report": report}

    def _entry(self, node: Expression) -> dict[str, Any]:
        line, column = self._source.position(node.start)
        entry: dict[str, Any] = {
            "sourcePosition": {
                "line": line,
                "column": column,
                "currentOffset": node.start,
                "endOffset": node.end - 1,  # inclusive
            },
            "values": [
                {"value": {member: _json(member, value)}, "count": count}
                for (member, value), count in self._counts[node.number].items()
            ],
        }
        children = [self._entry(child) for child in node.children() if _is_reported(child)]
        if children:
            entry["children"] = children
        return entry

    def as_html(self) -> str:
        """A page of the source: green what came to several values or has only one, yellow what was only ever one truth
        value, red what was never evaluated; each with its counts as a title."""
        with self._lock:
            body: list[str] = []
            at = 0
            for root in self._roots:
                body += [html.escape(self._source.text[at : root.start]), self._markup(root)]
                at = root.end
            body.append(html.escape(self._source.text[at:]))
        return _PAGE.replace("{body}", "".join(body))

    def _markup(self, node: Expression) -> str:
        counts = self._counts[node.number]
        inner: list[str] = []
        at = node.start
        for child in node.children():
            if child.number >= 0:
                inner += [html.escape(self._source.text[at : child.start]), self._markup(child)]
                at = child.end
        inner.append(html.escape(self._source.text[at : node.end]))
        told = ", ".join(f"{_told(seen)}: {count}" for seen, count in counts.most_common(8)) or "never evaluated"
        return f'<span class="{_colour(counts)}" title="{html.escape(told, quote=True)}">{"".join(inner)}</span>'


def _is_reported(node: Expression) -> bool:
    """Names of namespaces are no expressions, and literals have only one value."""
    return node.number >= 0 and not isinstance(node, Literal)


def _colour(counts: Counter[Seen]) -> str:
    if not counts:
        return "never"
    return "partly" if len(counts) == 1 and next(iter(counts))[0] == "boolValue" else "fully"


def _told(seen: Seen) -> str:
    member, value = seen
    if member == "undefined":
        return f"error: {value}"
    return str(value).lower() if member == "boolValue" else member.removesuffix("Value")


def _seen(value: Any) -> Seen:
    if isinstance(value, EvaluationError):
        return "undefined", str(value)[:_MAX_TEXT]
    if isinstance(value, Unknown):
        return "constraintValue", None
    kind = kind_of(value)
    if kind in _EMPTY:
        return _EMPTY[kind], None
    if kind == "path":
        return "pathValue", str(value)[:_MAX_TEXT]
    return f"{kind}Value", value[:_MAX_TEXT] if kind in ("string", "bytes") else value


def _json(member: str, value: Any) -> Any:
    if member == "undefined":
        return {"causeMessage": value}
    if member == "nullValue":
        return None
    if member == "pathValue":
        return {"segments": [{"simple": segment} for segment in Path.parse(value or "").segments]}
    if member in ("boolValue", "stringValue") and value is not None:
        return value
    return {} if value is None else str(value)


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Rules coverage</title><style>
body { font: 14px/1.5 monospace; margin: 2em; }
pre { white-space: pre-wrap; }
.fully { background: #c8f0c8; } .partly { background: #fff0b0; } .never { background: #ffc8c8; }
</style></head><body>
<p><span class="fully">evaluated</span> <span class="partly">only ever true or only ever false</span>
<span class="never">never evaluated</span></p>
<pre>{body}</pre>
</body></html>
"""
