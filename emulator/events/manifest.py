"""The manifest of the functions that the Firebase CLI reads (functions.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


class ManifestError(ValueError):
    """The manifest cannot be used; the text is one line for the user."""


def endpoints_of(path: Path) -> Mapping[Any, Any]:
    """Each function's entry by its name.

    Raises:
        ManifestError: the file cannot be read, or is no manifest.
    """
    try:
        # libyaml's loader is ten times faster, and a manifest is read at every start.
        manifest = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe loaders
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    endpoints = manifest.get("endpoints") if isinstance(manifest, dict) else None
    if not isinstance(endpoints, dict):
        raise ManifestError(f"{path} is no functions manifest: it has no endpoints")
    return endpoints


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
