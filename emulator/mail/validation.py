"""What SendGrid refuses, with its words: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>,;:\\\"()\[\]]{1,64}@[^@\s\x00-\x1f\x7f<>,;:\\\"()\[\]]{1,253}")
_MOST = 1000  # personalizations, and recipients, of one request
_ARGUMENT_BYTES = 10_000
_FURTHEST = 72 * 3600  # seconds that a mail can be scheduled ahead
_RESERVED = frozenset(
    {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
    | {"to", "from", "subject", "reply-to", "cc", "bcc"}
)
_ADDRESS = 'e.g. {"email" : "example@example.com"} or {"email" : "example@example.com", "name" : "Example Recipient"}.'

Problem = dict[str, str | None]


def problem(message: str, field: str | None = None, anchor: str = "") -> Problem:
    """One entry of SendGrid's `errors`."""
    return {"message": message, "field": field, "help": f"{_HELP}#message.{anchor}" if anchor else None}


def problems(mail: dict[str, Any], now: datetime) -> list[Problem]:
    """Everything that is wrong with the body of a mail-send request, in the order of SendGrid's documentation."""
    return [
        *_personalizations(mail.get("personalizations"), now),
        *_sender(mail),
        *_replies(mail),
        *_subject(mail),
        *_content(mail),
        *_attachments(mail.get("attachments")),
        *_template(mail.get("template_id")),
        *_headers(mail.get("headers"), "headers"),
        *_categories(mail.get("categories")),
        *_arguments(mail, "custom_args", ""),
        *_send_at(mail.get("send_at"), "send_at", now),
        *_settings(mail),
    ]


def _personalizations(value: Any, now: datetime) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield problem(
            "The personalizations field is required and must have at least one personalization.", "personalizations"
        )
        return
    if not value:
        yield problem("You must have at least one personalization.", "personalizations")
    if len(value) > _MOST:
        yield problem(
            f"The personalization block is limited to {_MOST} personalizations per API request. You have provided "
            f"{len(value)} personalizations. Please consider splitting this into multiple requests and resending your "
            "request.",
            "personalizations",
        )
        return
    recipients = 0
    for index, block in enumerate(value):
        field = f"personalizations.{index}"
        if not isinstance(block, dict):
            yield problem("Each personalization must be an object.", field)
            continue
        recipients += sum(len(block[kind]) for kind in ("to", "cc", "bcc") if isinstance(block.get(kind), list))
        yield from _block(block, field, now)
    if recipients > _MOST:
        yield problem(f"There is a limit of {_MOST} total recipients (to + cc + bcc) per request.", "personalizations")


def _block(block: dict[str, Any], field: str, now: datetime) -> Iterator[Problem]:
    if not isinstance(block.get("to"), list) or not block["to"]:
        yield problem(
            "The to array is required for all personalization objects, and must have at least one email object with a "
            "valid email address.",
            f"{field}.to",
            "personalizations.to",
        )
    seen: set[str] = set()
    for kind in ("to", "cc", "bcc"):
        yield from _recipients(block.get(kind), f"{field}.{kind}", field, seen)
    if block.get("subject") is not None and not _is_text(block["subject"]):
        yield problem(
            "The personalizations.subject parameter must be a string at least one character in length.",
            f"{field}.subject",
        )
    if not isinstance(block.get("dynamic_template_data", {}), dict):
        yield problem("The dynamic_template_data parameter must be an object.", f"{field}.dynamic_template_data")
    yield from _headers(block.get("headers"), f"{field}.headers")
    yield from _arguments(block, "custom_args", f"{field}.")
    yield from _arguments(block, "substitutions", f"{field}.")
    yield from _send_at(block.get("send_at"), f"{field}.send_at", now)


def _recipients(value: Any, field: str, block: str, seen: set[str]) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, list):
        yield problem("The parameter must be an array of email objects.", field)
        return
    for index, one in enumerate(value):
        if (wrong := _address_problem(one, f"{field}.{index}")) is not None:
            yield wrong
            continue
        if one["email"].lower() in seen:
            yield problem(
                "Each email address in the personalization block should be unique between to, cc, and bcc. We found "
                f"the first duplicate instance of [{one['email']}] in the {field} field.",
                block,
                "recipient-errors",
            )
        seen.add(one["email"].lower())


def _address_problem(value: Any, field: str) -> Problem | None:
    if not isinstance(value, dict) or not isinstance(value.get("email"), str):
        return problem(f"The email parameter is required for each email object. {_ADDRESS}", f"{field}.email")
    if not _EMAIL.fullmatch(value["email"]) or len(value["email"]) > 320:
        return problem("Does not contain a valid address.", f"{field}.email")
    if value.get("name") is not None and not isinstance(value["name"], str):
        return problem("The name parameter must be a string.", f"{field}.name")
    return None


def _sender(mail: dict[str, Any]) -> Iterator[Problem]:
    if not isinstance(mail.get("from"), dict) or not mail["from"].get("email"):
        yield problem(
            "The from object must be provided for every email send. It is an object that requires the email parameter, "
            f"but may also contain a name parameter. {_ADDRESS}",
            "from.email",
            "from",
        )
    elif (wrong := _address_problem(mail["from"], "from")) is not None:
        yield wrong


def _replies(mail: dict[str, Any]) -> Iterator[Problem]:
    single, several = mail.get("reply_to"), mail.get("reply_to_list")
    if single is not None and several is not None:
        yield problem("Either reply_to or reply_to_list can be provided, not both.", "reply_to_list")
    if single is not None and (wrong := _address_problem(single, "reply_to")) is not None:
        yield wrong
    if several is None:
        return
    if not isinstance(several, list) or len(several) > _MOST:
        yield problem(f"The reply_to_list parameter must be an array of at most {_MOST} objects.", "reply_to_list")
        return
    yield from _recipients(several, "reply_to_list", "reply_to_list", set())


def _subject(mail: dict[str, Any]) -> Iterator[Problem]:
    blocks = mail.get("personalizations")
    elsewhere = mail.get("template_id") or (
        isinstance(blocks, list)
        and blocks
        and all(isinstance(block, dict) and _is_text(block.get("subject")) for block in blocks)
    )
    if _is_text(mail.get("subject")) or (mail.get("subject") is None and elsewhere):
        return
    yield problem(
        "The subject is required. You can get around this requirement if you use a template with a subject defined or "
        "if every personalization has a subject defined.",
        "subject",
        "subject",
    )


def _content(mail: dict[str, Any]) -> Iterator[Problem]:
    value = mail.get("content")
    if value is None and mail.get("template_id"):
        return
    if not isinstance(value, list) or not value:
        yield problem(
            "Unless a valid template_id is provided, the content parameter is required. There must be at least one "
            "defined content block. We typically suggest both text/plain and text/html blocks are included, but only "
            "one block is required.",
            "content",
            "content",
        )
        return
    kinds = [part.get("type") if isinstance(part, dict) else None for part in value]
    for index, part in enumerate(value):
        field = f"content.{index}"
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", str(kinds[index])):
            yield problem("The content type must be a MIME type without parameters.", f"{field}.type", "content.type")
        elif not _is_text(part.get("value")):
            yield problem(
                "The content value must be a string at least one character in length.",
                f"{field}.value",
                "content.value",
            )
    yield from _order([kind.lower() for kind in kinds if isinstance(kind, str)])


def _order(kinds: list[str]) -> Iterator[Problem]:
    if kinds.count("text/plain") > 1 or kinds.count("text/html") > 1:
        yield problem("If present, text/plain and text/html may only be provided once.", "content", "content")
    ranks = [{"text/plain": 0, "text/html": 1}.get(kind, 2) for kind in kinds]
    if ranks != sorted(ranks):
        yield problem(
            "If present, text/plain must be first, followed by text/html, followed by any other content.",
            "content",
            "content",
        )


def _attachments(value: Any) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, list):
        yield problem("The attachments parameter must be an array.", "attachments")
        return
    for index, one in enumerate(value):
        field = f"attachments.{index}"
        if not isinstance(one, dict):
            yield problem("Each attachment must be an object.", field)
            continue
        if not _is_base64(one.get("content")):
            yield problem("The attachment content must be base64 encoded.", f"{field}.content", "attachments.content")
        if not _is_text(one.get("filename")):
            yield problem(
                "The filename of the attachment is required and must be a string.",
                f"{field}.filename",
                "attachments.filename",
            )
        if not _is_token(one.get("type")):
            yield problem("The attachment type cannot contain ';', ',' or CRLF characters.", f"{field}.type")
        if not _is_token(one.get("content_id")):
            yield problem("The content_id cannot contain ';', ',' or CRLF characters.", f"{field}.content_id")
        if one.get("disposition") not in {None, "inline", "attachment"}:
            yield problem("The disposition can only be either 'inline' or 'attachment'.", f"{field}.disposition")


def _template(value: Any) -> Iterator[Problem]:
    if value is not None and not _is_text(value):
        yield problem("The template_id must be a valid template id.", "template_id")


def _headers(value: Any, field: str) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield problem("The headers parameter must be an object.", field)
        return
    for name, text in value.items():
        if name.lower() in _RESERVED:
            yield problem(f"The header {name} is reserved and cannot be used.", field, "headers")
        elif not re.fullmatch(r"[!-9;-~]+", name) or not isinstance(text, str) or re.search(r"[\r\n\x00]", text):
            yield problem("Each header must have a printable name and a string of one line.", field, "headers")


def _categories(value: Any) -> Iterator[Problem]:
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        yield problem("The categories parameter must be an array of strings.", "categories")
    elif len(value) > 10:
        yield problem("You cannot have more than 10 categories per request.", "categories")
    elif len(set(value)) != len(value):
        yield problem("Category names must be unique.", "categories")
    elif any(len(one) > 255 for one in value):
        yield problem("Category names may not exceed 255 characters.", "categories")


def _arguments(holder: dict[str, Any], name: str, prefix: str) -> Iterator[Problem]:
    value = holder.get(name)
    if value is None:
        return
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        yield problem(f"The {name} parameter must be an object whose values are strings.", f"{prefix}{name}")
    elif len(json.dumps(value, ensure_ascii=False).encode()) > _ARGUMENT_BYTES:
        yield problem(f"The {name} parameter may not exceed {_ARGUMENT_BYTES} bytes.", f"{prefix}{name}")


def _send_at(value: Any, field: str, now: datetime) -> Iterator[Problem]:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        yield problem("The send_at parameter must be a Unix timestamp.", field)
    elif value > now.timestamp() + _FURTHEST:
        yield problem("Scheduling more than 72 hours in advance is forbidden.", field)


def _settings(mail: dict[str, Any]) -> Iterator[Problem]:
    for name in ("mail_settings", "tracking_settings", "asm", "sections"):
        if mail.get(name) is not None and not isinstance(mail[name], dict):
            yield problem(f"The {name} parameter must be an object.", name)
    settings = mail.get("mail_settings")
    if not isinstance(settings, dict) or settings.get("sandbox_mode") is None:
        return
    mode = settings["sandbox_mode"]
    if not isinstance(mode, dict) or not isinstance(mode.get("enable", False), bool):
        yield problem("The sandbox_mode enable parameter must be a boolean.", "mail_settings.sandbox_mode.enable")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_token(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not re.search(r"[;,\r\n]", value))


def _is_base64(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
