"""The security rules over REST, as `@firebase/rules-unit-testing` and the official emulator's pages expect it."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from emulator.control.routes import Control, problem
from emulator.firestore.guard.rulebook import InForce, RuleBook
from emulator.rules.errors import Issue, RulesError

_FILE: Final = "firestore.rules"
_PROJECT: Final = "/emulator/v1/projects/{project}"


def add_rules_routes(control: Control, rules: RuleBook) -> None:
    """Offer them."""
    control.add("PUT", f"{_PROJECT}:securityRules", partial(_put, rules))
    control.add("GET", f"{_PROJECT}:securityRules", partial(_get, rules))
    control.add("GET", f"{_PROJECT}:ruleCoverage", partial(_coverage, rules))
    control.add("GET", f"{_PROJECT}:ruleCoverage.html", partial(_coverage_page, rules))


async def _put(rules: RuleBook, request: web.Request) -> web.StreamResponse:
    """Replace the security rules: `{"rules": {"files": [{"name": …, "content": …}]}}`, with one file."""
    try:
        body: Any = await request.json()
        (file,) = body["rules"]["files"]
        source = file["content"]
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, KeyError, ValueError):
        source = None
    if not isinstance(source, str):
        return problem(HTTPStatus.BAD_REQUEST, 'The body must be {"rules": {"files": [{"content": "…"}]}}.')
    try:
        given = rules.give(request.match_info["project"], source)
    except RulesError as error:
        return problem(HTTPStatus.BAD_REQUEST, f"{_FILE}:{error}")
    return web.json_response({"issues": [_issue(issue) for issue in given.ruleset.issues]})


async def _get(rules: RuleBook, request: web.Request) -> web.StreamResponse:
    """The security rules in force."""
    rules_in_force = _in_force(rules, request)
    if isinstance(rules_in_force, web.Response):
        return rules_in_force
    return web.json_response({"rules": {"files": [{"name": _FILE, "content": rules_in_force.ruleset.source}]}})


async def _coverage(rules: RuleBook, request: web.Request) -> web.StreamResponse:
    """How often each expression of the security rules was evaluated, and to what."""
    rules_in_force = _in_force(rules, request)
    if isinstance(rules_in_force, web.Response):
        return rules_in_force
    return web.json_response(rules_in_force.coverage.as_json())


async def _coverage_page(rules: RuleBook, request: web.Request) -> web.StreamResponse:
    """The coverage of the security rules as a page."""
    rules_in_force = _in_force(rules, request)
    if isinstance(rules_in_force, web.Response):
        return rules_in_force
    return web.Response(text=rules_in_force.coverage.as_html(), content_type="text/html")


def _in_force(rules: RuleBook, request: web.Request) -> InForce | web.Response:
    project = request.match_info["project"]
    return rules.of(project) or problem(HTTPStatus.NOT_FOUND, f"The project {project} has no rules: all is allowed.")


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "sourcePosition": {"fileName": _FILE, "line": issue.line, "column": issue.column},
        "description": issue.message,
        "severity": "WARNING",
    }
