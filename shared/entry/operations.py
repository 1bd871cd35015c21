"""What an operation of the API is, what it gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from flask import Request, Response
from pydantic import BaseModel

from shared.domain.errors import InvalidInputError, NotAuthenticatedError
from shared.domain.limits import LimitClass
from shared.domain.people import Identity, Origin
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from shared.entry.uploads import Upload, UploadRule

MAX_KEY = 255

BodyT = TypeVar("BodyT", bound=BaseModel | None)
QueryT = TypeVar("QueryT", bound=BaseModel | None)
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Call(Generic[BodyT, QueryT]):
    """One decoded request. `identity` is there whenever the operation is not public, `origin` always.

    `upload` is the form with a file that came, where the operation takes one; `body` is None then.
    """

    body: BodyT
    query: QueryT
    path: Mapping[str, str]
    request: Request
    request_id: str
    _identity: Identity | None = None
    origin: Origin = field(default_factory=Origin)
    upload: Upload | None = None

    @property
    def identity(self) -> Identity:
        """Who is asking.

        Raises:
            NotAuthenticatedError: the operation is public and nobody said who they are.
        """
        if self._identity is None:
            raise NotAuthenticatedError
        return self._identity

    @property
    def idempotency_key(self) -> str | None:
        """The Idempotency-Key header: 1 to 255 printable ASCII characters.

        Raises:
            InvalidInputError: it is something else.
        """
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not (1 <= len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
            raise InvalidInputError(
                "The Idempotency-Key is not usable", {"Idempotency-Key": "1 to 255 printable ASCII characters"}
            )
        return key


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a model (sent as JSON) or a ready response."""

    content: BaseModel | Response
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path: what it takes, what it gives, who may. `permission` None makes it public.

    `limit` is the class whose quota it counts against: read for GET and write for the rest, where it is not given.
    `verified` and `second_factor` False let those in who have not verified their e-mail address or whose role needs a
    second factor that they did not use. A `sensitive` operation goes by the person's document and not by the token; a
    `recent` one wants a sign-in within the last five minutes. A `page` answers a person's browser in HTML: no app asks
    for it, so App Check is not asked for. `form` in place of `body` is what an HTML form sends. `upload` lets a form
    with a file come too, beside `body` or alone. `media` names the content types of answers that are no JSON.
    """

    method: Method
    path: str
    handler: Callable[[Call[Any, Any]], Answer]
    summary: str
    returns: type[BaseModel] | None
    permission: Permission | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: HTTPStatus = HTTPStatus.OK
    description: str = ""
    tag: str = "platform"
    headers: Mapping[str, str] = field(default_factory=dict)  # request header → what it is for, for the OpenAPI page
    failures: tuple[HTTPStatus, ...] = ()  # beyond those that follow from the rest
    limit: LimitClass | None = None
    verified: bool = True
    second_factor: bool = True
    sensitive: bool = False
    recent: bool = False
    form: type[BaseModel] | None = None
    page: bool = False
    upload: UploadRule | None = None
    media: tuple[str, ...] = ()

    @property
    def limit_class(self) -> LimitClass:
        """The class whose quota it counts against."""
        return self.limit or (LimitClass.READ if self.method == "GET" else LimitClass.WRITE)
