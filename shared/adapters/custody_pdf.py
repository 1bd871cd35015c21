"""The chain of custody as a PDF document, set by Typst.

The template is fixed and the data come as JSON beside it: nothing that somebody wrote is ever part of what is executed.
Fonts are those inside the package, so that the document is the same everywhere.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

from shared.domain.custody_report import CustodyReport

_TEMPLATE = Path(__file__).parent / "templates" / "custody.typ"


def custody_pdf(report: CustodyReport) -> bytes:
    """The document: tagged, in English, with its pages numbered."""
    made = typst.compile(
        _TEMPLATE.read_bytes(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"report": json.dumps(_visible(report.model_dump(mode="json")))},
        timestamp=report.made_at.replace(microsecond=0),
        pdf_tags=True,
    )
    if not isinstance(made, bytes):  # the library gives a list of pages for images, nothing when it writes a file
        raise TypeError("Typst gave no document")
    return made


def _visible(value: Any) -> Any:
    """The value with every character that cannot be seen, such as those that turn text round, written as its code."""
    if isinstance(value, str):
        return "".join(char if char.isprintable() or char == "\n" else f"<U+{ord(char):04X}>" for char in value)
    if isinstance(value, dict):
        return {name: _visible(part) for name, part in value.items()}
    return [_visible(part) for part in value] if isinstance(value, list) else value
