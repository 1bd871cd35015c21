"""Forms with one file: multipart/form-data (RFC 7578), decoded as it comes and never beyond its limits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from flask import Request
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from shared.domain.errors import InvalidInputError

CONTENT_TYPE = "multipart/form-data"
FILE = "file"
_PIECE = 256 * 1024
_IN_MEMORY = 1024 * 1024
_AROUND = 64 * 1024
"""Bytes that a form may have beside its file."""
_MOST_PARTS = 10
_MOST_DRAINED = 32 * 1024 * 1024
"""Cloud Run lets no larger request through."""


@dataclass(frozen=True, slots=True)
class UploadRule:
    """A form with a `file` of at most `limit` bytes; `fields` is what comes beside it. `otherwise` says what to do with
    a larger one.
    """

    fields: type[BaseModel]
    limit: int
    otherwise: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that came. `file_name` and `content_type` are the sender's words."""

    fields: BaseModel
    file_name: str
    content_type: str | None
    size: int
    file: IO[bytes]

    def pieces(self) -> Iterator[bytes]:
        """The file from its beginning."""
        self.file.seek(0)
        while piece := self.file.read(_PIECE):
            yield piece


@contextmanager
def received(request: Request, rule: UploadRule | None) -> Iterator[Upload | None]:
    """The form in the request, gone behind the block; None when the operation takes none, or something else came.

    Raises:
        BadRequest: it is no such form.
        RequestEntityTooLarge: it is over a limit.
        InvalidInputError, ValidationError: it holds other fields than it should.
    """
    if rule is None or request.mimetype != CONTENT_TYPE:
        yield None
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        yield _decoded(request, rule, file)


def _decoded(request: Request, rule: UploadRule, file: IO[bytes]) -> Upload:
    form = _Form(rule, file)
    try:
        if request.content_length is not None and request.content_length > rule.limit + _AROUND:
            form.too_large()
        for event in _events(request):
            form.take(event)
    except RequestEntityTooLarge:
        # A sender that is answered in the middle of its request sees a broken connection and not the answer.
        _drain(request)
        raise
    return form.finished()


def _events(request: Request) -> Iterator[Event]:
    boundary = request.mimetype_params.get("boundary", "").encode("ascii", "replace")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, section 5.1.1
        raise BadRequest("The form names no usable boundary")
    decoder = MultipartDecoder(boundary, max_form_memory_size=_PIECE + _AROUND, max_parts=_MOST_PARTS)
    try:
        while True:
            piece = request.stream.read(_PIECE)
            decoder.receive_data(piece or None)
            while not isinstance(event := decoder.next_event(), NeedData):
                yield event
                if isinstance(event, Epilogue):
                    return
            if not piece:
                raise BadRequest("The form ends in the middle")
    except ValueError:
        raise BadRequest("The body is not a form") from None


class _Form:
    """Takes the parts of a form one after the other."""

    def __init__(self, rule: UploadRule, file: IO[bytes]) -> None:
        self._rule = rule
        self._file = file
        self._size = 0
        self._head: File | None = None
        self._texts: dict[str, bytearray] = {}
        self._part: str | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, File):
            if event.name != FILE or self._head is not None:
                raise InvalidInputError("The form holds another file than one", {event.name[:100]: f"send one {FILE}"})
            self._head, self._part = event, None
        elif isinstance(event, Field):
            name = event.name[:100]
            if name == FILE:
                raise InvalidInputError("The form holds no file", {FILE: "send it with a filename"})
            if name in self._texts:
                raise InvalidInputError("A field came twice", {name: "give it once"})
            self._part = name
            self._texts[name] = bytearray()
        elif isinstance(event, Data):
            self._data(event.data)

    def _data(self, data: bytes | bytearray) -> None:
        if self._part is not None:
            self._texts[self._part] += data
            if sum(map(len, self._texts.values())) > _AROUND:
                raise RequestEntityTooLarge(f"The fields beside the file are over {_AROUND} bytes")
            return
        self._size += len(data)
        if self._size > self._rule.limit:
            self.too_large()
        self._file.write(data)

    def too_large(self) -> None:
        raise RequestEntityTooLarge(f"The file is over {self._rule.limit} bytes: {self._rule.otherwise}")

    def finished(self) -> Upload:
        if self._head is None:
            raise InvalidInputError("The form holds no file", {FILE: "send one"})
        try:
            texts = {name: bytes(value).decode() for name, value in self._texts.items()}
        except UnicodeDecodeError:
            raise BadRequest("The form is not in UTF-8") from None
        fields = self._rule.fields.model_validate(texts)
        return Upload(fields, self._head.filename, self._head.headers.get("Content-Type"), self._size, self._file)


def _drain(request: Request) -> None:
    left = _MOST_DRAINED
    while left > 0 and (piece := request.stream.read(_PIECE)):
        left -= len(piece)
