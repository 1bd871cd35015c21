"""What HTML forms send: application/x-www-form-urlencoded, as the URL standard of the WHATWG describes it."""

from __future__ import annotations

from urllib.parse import parse_qsl

from werkzeug.exceptions import BadRequest

CONTENT_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20


def decode(raw: bytes) -> dict[str, str]:
    """The fields by their names.

    Raises:
        BadRequest: it is no form in UTF-8, has too many fields, or one of them twice.
    """
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadRequest("The body is not a form in UTF-8") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadRequest("A field came twice")
    return fields
