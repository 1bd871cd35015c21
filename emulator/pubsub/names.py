"""Names of topics and subscriptions, and what a page of them is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, Protocol, TypeVar

from emulator.pubsub.errors import invalid

DELETED_TOPIC: Final = "_deleted-topic_"  # the topic of a subscription whose topic was deleted
# Source: "Guidelines to name a topic, subscription, schema or snapshot".
_ID: Final = r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}"
_NAMES: Final = {
    kind: re.compile(rf"projects/[^/]+/{kind}/{_ID}", re.ASCII) for kind in ("topics", "subscriptions", "snapshots")
}
_PAGE: Final = 1000


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_R = TypeVar("_R", bound=_Named)


def check_name(kind: str, name: str) -> None:
    """Refuse a name that no topic (or subscription) can have.

    Raises:
        PubsubError: INVALID_ARGUMENT.
    """
    if not _NAMES[kind].fullmatch(name):
        raise invalid(f"Invalid [{kind}] name: (name={name[:300]})")


def short(name: str) -> str:
    """The id at the end of a full name."""
    return name.rsplit("/", 1)[-1]


def page(resources: Iterable[_R], project: str, size: int, token: str) -> tuple[list[_R], str]:
    """One page of a project's resources by name, and the token of the next, empty on the last."""
    found = sorted((one for one in resources if one.name.startswith(f"{project}/")), key=lambda one: one.name)
    start = bisect_right(found, token, key=lambda one: one.name) if token else 0
    size = min(size, _PAGE) if size > 0 else _PAGE
    chosen = found[start : start + size]
    return chosen, chosen[-1].name if start + size < len(found) else ""
