"""The manifest of the functions that the Firebase CLI reads (functions.yaml).

Parameters are filled in as the CLI does when it deploys: `{{ params.NAME }}` is the environment's variable NAME, else
the default that the manifest declares, which may name others in turn; PROJECT_ID and GCLOUD_PROJECT are built in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_PARAMETER = re.compile(r"\{\{ *params\.([A-Za-z_][A-Za-z0-9_]*) *\}\}")


class ManifestError(ValueError):
    """The manifest cannot be used; the text is one line for the user."""


def endpoints_of(path: Path, project: str | None = None) -> Mapping[Any, Any]:
    """Each function's entry by its name, its parameters filled in.

    Raises:
        ManifestError: the file cannot be read, is no manifest, or a parameter has no value.
    """
    try:
        # libyaml's loader is ten times faster, and a manifest is read at every start.
        manifest = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe loaders
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    endpoints = manifest.get("endpoints") if isinstance(manifest, dict) else None
    if not isinstance(endpoints, dict):
        raise ManifestError(f"{path} is no functions manifest: it has no endpoints")
    declared = manifest.get("params")
    defaults = {str(one.get("name")): one.get("default") for one in declared or () if isinstance(one, dict)}
    builtin = dict.fromkeys(("PROJECT_ID", "GCLOUD_PROJECT"), project)
    try:
        resolved: Mapping[Any, Any] = _resolved(endpoints, {**defaults, **os.environ, **builtin}, ())
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error
    return resolved


def _resolved(value: Any, parameters: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(part, parameters, within) for name, part in value.items()}
    if isinstance(value, list):
        return [_resolved(part, parameters, within) for part in value]
    if not isinstance(value, str):
        return value

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        given = parameters.get(name)
        if given is None or name in within:
            raise ManifestError(f"the parameter {name} has no value")
        return str(_resolved(given, parameters, (*within, name)))

    return _PARAMETER.sub(filled, value)


def region_of(name: object, endpoint: Mapping[str, Any]) -> str:
    """Where the function is deployed; the first place where there are several.

    Raises:
        ManifestError: it is nowhere.
    """
    region = endpoint.get("region")
    first = region[0] if isinstance(region, list) and region else region
    if not isinstance(first, str):
        raise ManifestError(f"endpoint {name} names no region")
    return first
