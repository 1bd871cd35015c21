"""The README's first incident works by copy and paste: this runs exactly its lines."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.conftest import ROOT

_SECTION = re.compile(r"## Your first incident in five minutes\n(.*?)\n## ", re.DOTALL)
_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def blocks() -> list[str]:
    section = _SECTION.search((ROOT / "README.md").read_text())
    assert section is not None
    return [re.sub(f"(?m)^{indent}", "", body) for indent, body in _BLOCK.findall(section[1])]


@pytest.mark.slow
def test_the_first_incident_works_by_copy_and_paste(backend):
    start, *rest = blocks()
    assert start == "scripts/local\n"  # that is what the fixture runs
    script = "set -eu\n" + "\n".join(rest)
    result = subprocess.run(  # noqa: S603  # the README's own lines
        ["/bin/sh", "-c", script],
        cwd=backend.data.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert '"category": "phishing_social"' in result.stdout
    assert '"factors": [' in result.stdout
    assert "analyst1@secura.com" in result.stdout
    assert '"status": "analysis"' in result.stdout
