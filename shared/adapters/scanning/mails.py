"""Taking a mail apart (RFC 5322, RFC 2045): a reported phishing mail carries what it is about as an attachment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from itertools import islice

from shared.adapters.scanning.limits import MB, DamagedError

MAX_SIZE = 24 * MB
"""A mail is held in memory to be taken apart. Mail servers rarely take more than 25 MB, encoded."""
_MAX_LINES = 600_000
_MAX_HEADERS = 150_000
_MAX_PARTS = 10_000
_MAX_LEVELS = 50
_HEADER = re.compile(rb"(From |[A-Za-z][A-Za-z0-9-]{1,60}:)[^\r\n]*\r?\n")
_MARKS = re.compile(rb"^(MIME-Version|Message-ID|Received|Content-Type):", re.IGNORECASE | re.MULTILINE)
_MORE = re.compile(rb"^(From|Subject|To|Date):", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary\*?[0-9*]*[ \t]*=", re.IGNORECASE)
_LINE = re.compile(rb"\n")
_FIELD = re.compile(rb"\n[!-9;-~]{1,80}:")
_MARK = re.compile(rb"\n--")


def is_mail(head: bytes) -> bool:
    """Whether these are the headers of a mail."""
    if not _HEADER.match(head):
        return False
    headers = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return bool(_MARKS.search(headers) and _MORE.search(headers))


def parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and decoded content of each part, of mails within the mail too.

    Raises:
        DamagedError: it cannot be taken apart.
    """
    # The parser makes an object of each header and part and tries each open boundary on each line.
    limits = (_LINE, _MAX_LINES), (_FIELD, _MAX_HEADERS), (_MARK, _MAX_PARTS), (_BOUNDARY, _MAX_LEVELS)
    if any(_more_than(limit, pattern, data) for pattern, limit in limits):
        raise DamagedError("a mail of too many parts")
    try:
        # The standard library's parser meets hostile mail with these.
        for number, part in enumerate(message_from_bytes(data).walk(), start=1):
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                yield _name(part) or f"part {number}", content if isinstance(content, bytes) else b""
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError("the mail cannot be taken apart") from error


def _more_than(limit: int, pattern: re.Pattern[bytes], data: bytes) -> bool:
    return next(islice(pattern.finditer(data), limit, None), None) is not None


def _name(part: Message) -> str:
    return (part.get_filename() or "").strip()
