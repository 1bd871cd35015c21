"""Switching faults on and off while the services run: `/emulator/v1/faults`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.control.body import json_body
from emulator.control.routes import Control, problem
from emulator.faults.injector import ActiveRule, Injector
from emulator.faults.rules import Rule, RuleError


class FaultRoutes:
    """The handlers around the rules in force."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector

    def add_to(self, control: Control) -> None:
        """Offer them."""
        control.add("GET", "/emulator/v1/faults", self.list)
        control.add("PUT", "/emulator/v1/faults", _checked(self.replace))
        control.add("POST", "/emulator/v1/faults", _checked(self.add))
        control.add("DELETE", "/emulator/v1/faults", self.clear)
        control.add("DELETE", "/emulator/v1/faults/{id}", self.remove)

    async def list(self, _: web.Request) -> web.Response:
        """The rules in force, and the last 100 faults that struck."""
        strikes = [{**one._asdict(), "time": one.time.isoformat()} for one in self._injector.latest]
        rules = [_json(active) for active in self._injector.rules]
        return web.json_response({"seed": self._injector.seed, "rules": rules, "strikes": strikes})

    async def replace(self, request: web.Request) -> web.Response:
        """Replace all rules, and count and draw anew: {"seed": 7, "rules": [{"service": ..., "kind": ...}]}."""
        body = await json_body(request)
        seed, rules = body.get("seed", self._injector.seed), body.get("rules")
        if not isinstance(rules, list) or isinstance(seed, bool) or not isinstance(seed, int):
            raise RuleError('The body is an object such as {"seed": 7, "rules": [...]}.')
        self._injector.replace([Rule.of(rule) for rule in rules], seed)
        return await self.list(request)

    async def add(self, request: web.Request) -> web.Response:
        """Add one rule: {"service": "firestore", "call": "Commit", "kind": "aborted", "probability": 0.1}."""
        active = self._injector.add(Rule.of(await json_body(request)))
        return web.json_response(_json(active), status=HTTPStatus.CREATED)

    async def clear(self, request: web.Request) -> web.Response:
        """Switch all faults off."""
        self._injector.replace([], self._injector.seed)
        return await self.list(request)

    async def remove(self, request: web.Request) -> web.Response:
        """Switch one rule off."""
        number = request.match_info["id"]
        if not (number.isascii() and number.isdigit() and len(number) < 10 and self._injector.remove(int(number))):
            return problem(HTTPStatus.NOT_FOUND, f"There is no rule {number}.")
        return await self.list(request)


def _json(active: ActiveRule) -> dict[str, Any]:
    return {"id": active.id, **active.rule.to_json(), "matched": active.matched, "struck": active.struck}


def _checked(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except RuleError as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))

    handle.__doc__ = handler.__doc__
    return handle
