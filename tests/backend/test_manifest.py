from __future__ import annotations

import re

import pytest

from scripts.backend.manifest import functions_of, glob_to_regex, ports_of, rewrites_of
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("source", "matching", "other"),
    [
        ("/", ["/"], ["/x", ""]),
        ("/health", ["/health"], ["/health/", "/healthy", "/x/health"]),
        ("/docs/**", ["/docs", "/docs/a", "/docs/a/b.js"], ["/docsx", "/x/docs"]),
        ("**", ["/", "/a", "/a/b"], []),
        ("/api/incidents/*", ["/api/incidents/abc", "/api/incidents/a.b"], ["/api/incidents", "/api/incidents/a/b"]),
        (
            "/api/incidents/*/messages",
            ["/api/incidents/a/messages"],
            ["/api/incidents/messages", "/api/incidents/a/b/messages"],
        ),
        ("/a/**/z", ["/a/z", "/a/b/z", "/a/b/c/z"], ["/a", "/az"]),
        ("/*.@(jpg|png)", ["/x.jpg", "/x.png"], ["/x.gif", "/a/x.jpg"]),
        ("/file?", ["/file1"], ["/file", "/file12"]),
    ],
)
def test_globs_match_as_hosting_documents_them(source, matching, other):
    pattern = re.compile(glob_to_regex(source))
    assert [path for path in matching if not pattern.match(path)] == []
    assert [path for path in other if pattern.match(path)] == []


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("/", "api_root"),
        ("/docs/swagger-ui.css", "api_docs"),
        ("/api/incidents", "incidents"),
        ("/api/incidents/abc", "incident"),
        ("/api/incidents/abc/evidence", "incident_evidence"),
        ("/nothing", None),
    ],
)
def test_the_projects_own_rewrites(path, function):
    rewrites = rewrites_of(ROOT / "firebase.json")
    assert next((rewrite.function_id for rewrite in rewrites if rewrite.pattern.match(path)), None) == function


def test_functions_have_a_kind_and_a_region():
    functions = {function.id: function for function in functions_of(ROOT / "functions.yaml")}
    assert functions["incidents"].kind == "http"
    assert functions["incident_analysis"].kind == "cloudevent"
    assert {function.region for function in functions.values()} == {"europe-west1"}


def test_ports_are_those_of_the_official_emulators():
    assert ports_of(ROOT / "firebase.json") == {
        "hosting": 5000,
        "functions": 5001,
        "firestore": 8080,
        "auth": 9099,
        "pubsub": 8085,
        "storage": 9199,
    }
