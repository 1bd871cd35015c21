"""What is deployed: every function loads alone, and the generated files are current."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml

import main
from scripts import generated
from tests.conftest import ROOT

_PROBE = """
import json, sys
import functions_framework
functions_framework.create_app(sys.argv[1], "main.py", sys.argv[2])
print(json.dumps(sorted(sys.modules)))
"""


def _loaded(name: str) -> set[str]:
    kind = "http" if main.FUNCTIONS[name].startswith(("functions.http", "functions.scheduled")) else "cloudevent"
    result = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", _PROBE, name, kind],
        cwd=ROOT,
        env={"GOOGLE_CLOUD_PROJECT": "demo-test", "PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(main.FUNCTIONS))
def test_a_function_loads_its_own_module_only_and_no_heavy_library(name):
    modules = _loaded(name)
    own = {
        module
        for module in modules
        if module.startswith(("functions.http.", "functions.events.", "functions.scheduled."))
    }
    assert own == {main.FUNCTIONS[name]}
    assert not modules & {"sklearn", "scipy", "google.cloud.aiplatform", "vertexai", "google.genai"}
    assert not {module for module in modules if module.split(".")[0] in {"emulator", "scripts", "tests"}}


def test_generated_files_are_current():
    assert generated.run(["--check"]) == 0


def test_every_trigger_is_delivered_again_when_it_fails():
    endpoints = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"]
    triggers = {name: entry["eventTrigger"] for name, entry in endpoints.items() if "eventTrigger" in entry}
    assert triggers
    assert all(trigger["retry"] is True for trigger in triggers.values())


def test_every_http_function_is_reachable_through_hosting():
    endpoints = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"]
    rewrites = json.loads((ROOT / "firebase.json").read_text())["hosting"]["rewrites"]
    routed = {rewrite["function"]["functionId"] for rewrite in rewrites}
    assert routed == {name for name, entry in endpoints.items() if "httpsTrigger" in entry}


def test_an_unknown_function_is_no_attribute():
    with pytest.raises(AttributeError):
        main.unknown  # noqa: B018
