"""POST /v3/mail/send as SendGrid answers it: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send."""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from emulator.clock import Clock
from emulator.mail.store import Store
from emulator.mail.validation import Problem, problem, problems

LARGEST = 30 * 2**20  # bytes, SendGrid's limit for a message with its attachments


class SendgridApi:
    """The send endpoint over a store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def send(self, request: web.Request) -> web.Response:
        """Check a mail and keep it. In sandbox mode it is only checked."""
        if not _has_key(request):
            return _refusal(401, [problem("The provided authorization grant is invalid, expired, or revoked")])
        if request.content_type != "application/json":
            return _refusal(415, [problem("The content type must be application/json.")])
        try:
            mail = _parsed(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _refusal(413, [problem("The JSON payload you have included in your request is too large.")])
        except (ValueError, RecursionError):
            return _refusal(400, [problem("Bad Request")])
        return self._take(mail)

    def _take(self, mail: dict[str, Any]) -> web.Response:
        if wrong := problems(mail, self._clock.now()):
            return _refusal(400, wrong)
        settings = (mail.get("mail_settings") or {}).get("sandbox_mode") or {}
        if settings.get("enable"):
            return web.Response(status=200)
        message_id = secrets.token_urlsafe(16)
        self._store.add(message_id, self._clock.now(), mail)
        return web.Response(status=202, headers={"X-Message-Id": message_id})


def _has_key(request: web.Request) -> bool:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _parsed(raw: bytes) -> dict[str, Any]:
    mail = json.loads(raw.decode("utf-8"))
    # An escaped lone surrogate fits no database; NaN and what Python reads as infinite are no JSON.
    json.dumps(mail, ensure_ascii=False, allow_nan=False).encode()
    if not isinstance(mail, dict):
        raise ValueError("The body must be an object")  # noqa: TRY004  # of JSON, not of Python
    return mail


def _refusal(status: int, wrong: list[Problem]) -> web.Response:
    return web.json_response({"errors": wrong}, status=status)
