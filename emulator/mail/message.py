"""A mail as it is kept: SendGrid's request, and what is read from it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

_PREVIEW = 160  # characters


@dataclass(frozen=True, slots=True)
class Address:
    """Of a sender or recipient. `kind` is from, to, cc or bcc."""

    kind: str
    email: str
    name: str | None = None

    def shown(self) -> dict[str, str | None]:
        """For the JSON API."""
        return {"email": self.email, "name": self.name}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail."""

    file_name: str
    type: str
    size: int
    inline: bool
    content_id: str | None
    content: bytes


@dataclass(frozen=True)
class Message:
    """One accepted request. `number` counts them from 1."""

    number: int
    id: str
    received_at: datetime
    request: dict[str, Any]

    @property
    def sender(self) -> Address:
        """Who it is from."""
        return Address("from", self.request["from"]["email"], self.request["from"].get("name"))

    @property
    def subject(self) -> str:
        """The common subject, or the first recipient's own."""
        return subject_of(self.request)

    @cached_property
    def recipients(self) -> list[Address]:
        """Everybody it goes to."""
        return recipients_of(self.request)

    def content(self, kind: str) -> str | None:
        """The text of a MIME type."""
        return content_of(self.request, kind)

    @cached_property
    def attachments(self) -> list[Attachment]:
        """The files, decoded."""
        return [_attachment(one) for one in self.request.get("attachments") or []]

    def headers(self) -> list[tuple[str, str]]:
        """Header lines as a mail program would show them, with those of the request."""
        request = self.request
        lines = [("From", _line(self.sender))]
        people = {kind: [_line(one) for one in self.recipients if one.kind == kind] for kind in ("to", "cc", "bcc")}
        lines += [(kind.capitalize(), ", ".join(named)) for kind, named in people.items() if named]
        replies = request.get("reply_to_list") or ([request["reply_to"]] if request.get("reply_to") else [])
        if replies:
            lines.append(("Reply-To", ", ".join(_line(Address("reply", **_known(one))) for one in replies)))
        lines += [("Subject", self.subject), ("Date", self.received_at.strftime("%a, %d %b %Y %H:%M:%S +0000"))]
        lines += [("X-Message-Id", self.id)]
        lines += list((request.get("headers") or {}).items())
        lines += [pair for block in request["personalizations"] for pair in (block.get("headers") or {}).items()]
        return lines

    def shown(self) -> dict[str, Any]:
        """Everything, for the JSON API."""
        return {
            "id": self.id,
            "received_at": self.received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "from": self.sender.shown(),
            **{kind: [one.shown() for one in self.recipients if one.kind == kind] for kind in ("to", "cc", "bcc")},
            "subject": self.subject,
            "text": self.content("text/plain"),
            "html": self.content("text/html"),
            "headers": dict(self.headers()),
            "categories": self.request.get("categories") or [],
            "custom_args": self.request.get("custom_args") or {},
            "attachments": [
                {"file_name": one.file_name, "type": one.type, "size": one.size} for one in self.attachments
            ],
            "request": self.request,
        }


def subject_of(request: dict[str, Any]) -> str:
    """The common subject of a request, or the first recipient's own; empty when the template has it."""
    own = (block.get("subject") for block in request["personalizations"])
    return str(request.get("subject") or next((one for one in own if one), ""))


def recipients_of(request: dict[str, Any]) -> list[Address]:
    """Every recipient of a request, in its order."""
    return [
        Address(kind, **_known(one))
        for block in request["personalizations"]
        for kind in ("to", "cc", "bcc")
        for one in block.get(kind) or []
    ]


def content_of(request: dict[str, Any], kind: str) -> str | None:
    """The content of a MIME type in a request."""
    parts = (part for part in request.get("content") or [] if part["type"].lower() == kind)
    return next((part["value"] for part in parts), None)


def preview_of(request: dict[str, Any]) -> str:
    """The beginning of the plain text, on one line."""
    return " ".join((content_of(request, "text/plain") or "")[: 4 * _PREVIEW].split())[:_PREVIEW]


def _known(value: dict[str, Any]) -> dict[str, Any]:
    return {"email": value["email"], "name": value.get("name")}


def _line(one: Address) -> str:
    return f"{one.name} <{one.email}>" if one.name else one.email


def _attachment(value: dict[str, Any]) -> Attachment:
    content = base64.b64decode(value["content"])
    return Attachment(
        file_name=value["filename"],
        type=value.get("type") or "application/octet-stream",
        size=len(content),
        inline=value.get("disposition") == "inline",
        content_id=value.get("content_id"),
        content=content,
    )
