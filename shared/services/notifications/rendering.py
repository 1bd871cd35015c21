"""Mail texts from templates, plain and HTML; every value in the HTML is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, values: Mapping[str, object]) -> tuple[str, str]:
    """The plain text and the HTML of the template."""
    environment = _environment()
    text = environment.get_template(f"{name}.txt").render(values)
    return text, environment.get_template(f"{name}.html").render(values)
