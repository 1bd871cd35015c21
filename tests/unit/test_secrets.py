"""Each function gets exactly the secrets that what it builds asks for: no 500 in production, and no key too many."""

from __future__ import annotations

import ast
from functools import cache

import pytest
import yaml

import main
from tests.conftest import ROOT

_SECRETS = {
    "audit_master_key": "SECURA_AUDIT_MASTER_KEY",
    "audit_signing_key": "SECURA_AUDIT_SIGNING_KEY",
    "link_key": "SECURA_LINK_KEY",
    "sendgrid_api_key": "SENDGRID_API_KEY",
}


@cache
def _builders() -> dict[str, ast.FunctionDef]:
    tree = ast.parse((ROOT / "shared" / "bootstrap.py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def _asked_by(builder: str) -> frozenset[str]:
    """The secrets that a builder asks the settings for, itself or through the builders it calls."""
    found: set[str] = set()
    for node in ast.walk(_builders()[builder]):
        if isinstance(node, ast.Constant) and node.value in _SECRETS:
            found.add(_SECRETS[node.value])
        if isinstance(node, ast.Attribute) and node.attr in _SECRETS:
            found.add(_SECRETS[node.attr])
        if isinstance(node, ast.Name) and node.id in _builders() and node.id != builder:
            found |= _asked_by(node.id)
    return frozenset(found)


def _wanted(path: str) -> set[str]:
    tree = ast.parse((ROOT / f"{path.replace('.', '/')}.py").read_text())
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "bootstrap"
    }
    return {secret for builder in used & set(_builders()) for secret in _asked_by(builder)}


@pytest.mark.parametrize("name", sorted(main.FUNCTIONS))
def test_a_function_gets_the_secrets_it_needs_and_no_other(name):
    entry = yaml.safe_load((ROOT / "functions.yaml").read_text())["endpoints"][name]
    given = {secret["key"] for secret in entry.get("secretEnvironmentVariables", [])}
    assert given == _wanted(main.FUNCTIONS[name])
