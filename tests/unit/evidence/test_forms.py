"""Forms with a file: what is taken, and what is refused before it takes memory."""

from __future__ import annotations

import hashlib
import io
from contextlib import closing

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from shared.domain.errors import InvalidInputError
from shared.domain.evidence import EvidenceForm
from shared.entry.uploads import UploadRule, received

_FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
_NOT_TEXT = b'--x\r\nContent-Disposition: form-data; name="description"\r\n\r\n\xff\r\n'
LIMIT = 2 * 1024 * 1024
RULE = UploadRule(EvidenceForm, LIMIT, "do something else")


def sent(data, content_type=None, length=None):
    builder = EnvironBuilder(method="POST", data=data, content_type=content_type)
    environ = builder.get_environ()
    builder.close()
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    return Request(environ)


def take(data, content_type="multipart/form-data", length=None):
    request = sent(data, content_type, length)
    # The builder keeps a large body in a file.
    with closing(request.environ["wsgi.input"]), received(request, RULE) as upload:
        assert upload is not None
        return upload, b"".join(upload.pieces())


@given(st.binary(max_size=200_000), st.text(alphabet='aé√ "=-;', max_size=40))
def test_a_file_comes_as_it_was_sent(content, description):
    upload, data = take({"file": (io.BytesIO(content), "a.bin", "image/png"), "description": description})
    assert hashlib.sha256(data).digest() == hashlib.sha256(content).digest()
    assert (upload.size, upload.file_name, upload.content_type) == (len(content), "a.bin", "image/png")
    assert upload.fields.description == description.strip()


def test_a_file_of_exactly_the_limit_is_taken_and_one_byte_more_is_not():
    assert take({"file": (io.BytesIO(b"x" * LIMIT), "a")})[0].size == LIMIT
    with pytest.raises(RequestEntityTooLarge, match="something else"):
        take({"file": (io.BytesIO(b"x" * (LIMIT + 1)), "a")})
    with pytest.raises(RequestEntityTooLarge):
        take({"file": (io.BytesIO(b"x" * (LIMIT + 100_000)), "a")})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"description": "only words"}, InvalidInputError),
        ({"file": "words"}, InvalidInputError),
        ({"other": (io.BytesIO(b"x"), "a")}, InvalidInputError),
        ({"file": [(io.BytesIO(b"x"), "a"), (io.BytesIO(b"y"), "b")]}, InvalidInputError),
        ({"file": (io.BytesIO(b"x"), "a"), "description": ["one", "two"]}, InvalidInputError),
        ({"file": (io.BytesIO(b"x"), "a"), "unknown": "x"}, ValidationError),
        ({"file": (io.BytesIO(b"x"), "a"), "description": "x" * 2001}, ValidationError),
        ({"file": (io.BytesIO(b"x"), "a"), "description": "x" * 100_000}, RequestEntityTooLarge),
        ({f"f{number}": "x" for number in range(20)}, RequestEntityTooLarge),
    ],
)
def test_another_form_is_refused(data, problem):
    with pytest.raises(problem):
        take(data)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"not a form", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (_FILE + b"half", "multipart/form-data; boundary=x"),
        (_NOT_TEXT + _FILE + b"b\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x--", "multipart/form-data"),
        (b"--x--", "multipart/form-data; boundary=" + "x" * 71),
    ],
)
def test_what_is_no_form_is_refused(body, content_type):
    with pytest.raises((BadRequest, InvalidInputError)):
        take(body, content_type)


@given(st.binary(max_size=2000))
def test_no_bytes_break_it(body):
    for data in (body, _FILE + body, _FILE + body + b"\r\n--x--\r\n"):
        try:
            upload, content = take(data, "multipart/form-data; boundary=x")
        except (BadRequest, InvalidInputError, RequestEntityTooLarge):
            continue
        assert len(content) == upload.size


def test_other_bodies_are_left_to_others():
    with received(sent(b"{}", "application/json"), RULE) as upload:
        assert upload is None
    with received(sent({"file": (io.BytesIO(b"x"), "a")}), None) as upload:
        assert upload is None
