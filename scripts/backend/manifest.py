"""The functions there are, from functions.yaml, and the paths they answer, from firebase.json."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Function:
    """One deployed function. `kind` is functions-framework's signature type."""

    id: str
    region: str
    kind: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One of Hosting's rewrites: paths that match go to the function."""

    pattern: re.Pattern[str]
    function_id: str


def functions_of(path: Path) -> list[Function]:
    """Every function of the manifest."""
    endpoints: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["endpoints"]
    return [
        Function(name, entry["region"][0], "cloudevent" if "eventTrigger" in entry else "http")
        for name, entry in endpoints.items()
    ]


def rewrites_of(path: Path) -> list[Rewrite]:
    """Hosting's rewrites to functions, in their order: the first match wins."""
    hosting = json.loads(path.read_text())["hosting"]
    return [_rewrite(rule) for rule in hosting.get("rewrites", []) if "function" in rule]


def ports_of(path: Path) -> dict[str, int]:
    """The standard port of each service by its name in the `emulators` block."""
    block = json.loads(path.read_text())["emulators"]
    return {name: entry["port"] for name, entry in block.items() if isinstance(entry, dict) and "port" in entry}


def deployed_files_of(path: Path) -> dict[str, Path]:
    """What is deployed beside the code, by the name of the embedded services' option for it."""
    config = json.loads(path.read_text())
    named = {
        "rules": config.get("firestore", {}).get("rules"),
        "indexes": config.get("firestore", {}).get("indexes"),
        "storage-rules": config.get("storage", {}).get("rules"),
    }
    return {option: path.parent / name for option, name in named.items() if name is not None}


def _rewrite(rule: dict[str, Any]) -> Rewrite:
    target = rule["function"]
    function_id = target if isinstance(target, str) else target["functionId"]
    pattern = rule["regex"] if "regex" in rule else glob_to_regex(rule["source"])
    return Rewrite(re.compile(pattern), function_id)


_TOKEN = re.compile(r"/\*\*(?=/|$)|\*\*|\*|@\(([^)]*)\)|\?|(?:(?!/\*\*(?:/|$))[^*@?])+|.", re.DOTALL)


def glob_to_regex(source: str) -> str:
    """Hosting's glob as a regular expression for the whole path.

    Source: Firebase Hosting, "Configure rewrites" and "Glob pattern matching": `*` is any part of one segment, `**` any
    number of segments (none too), `?` one character, `@(a|b)` one of the alternatives.
    """
    parts: list[str] = []
    for token in _TOKEN.finditer(source if source.startswith("/") else f"/{source}"):
        text = token[0]
        if text == "/**":
            parts.append("(?:/.*)?")
        elif text == "**":
            parts.append(".*")
        elif text == "*":
            parts.append("[^/]+" if _is_whole_segment(source, token) else "[^/]*")
        elif text == "?":
            parts.append("[^/]")
        elif token[1] is not None:
            parts.append("(?:" + "|".join(map(re.escape, token[1].split("|"))) + ")")
        else:
            parts.append(re.escape(text))
    return "^" + "".join(parts) + "$"


def _is_whole_segment(source: str, token: re.Match[str]) -> bool:
    text = source if source.startswith("/") else f"/{source}"
    before, after = text[token.start() - 1], text[token.end() : token.end() + 1]
    return before == "/" and after in {"", "/"}
