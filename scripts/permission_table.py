"""docs/permissions.md, from the one table of permissions and the operations that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.entry.operations import Operation

TARGET = Path(__file__).parents[1] / "docs" / "permissions.md"
_HEAD = """# Roles and permissions

Written by `python -m scripts.generated` from the table of permissions and the operations of the API; a test checks that
it is current. What is not listed is refused. The truth about somebody's role is their document `users/{uid}`; the
custom claim `role` of the ID token follows it, and tokens made before a role was lost are refused within seconds: see
[access](access.md).

"""


def make() -> str:
    """The page."""
    return _HEAD + "\n".join(["## Permissions", "", *_permissions(), "", "## Calls", "", *_calls()]) + "\n"


def _permissions() -> Iterator[str]:
    from shared.domain.permissions import PURPOSES, Permission, Role, allows

    yield "| permission | lets one | " + " | ".join(Role) + " |"
    yield "|---|---|" + "---|" * len(Role)
    for permission in Permission:
        marks = ("yes" if allows(role, permission) else "" for role in Role)
        yield f"| `{permission}` | {PURPOSES[permission]} | " + " | ".join(marks) + " |"


def _calls() -> Iterator[str]:
    yield "| call | permission | also asked for |"
    yield "|---|---|---|"
    for operation in sorted(_operations(), key=lambda one: (one.path, one.method)):
        permission = f"`{operation.permission}`" if operation.permission else "anyone"
        yield f"| {operation.method} {operation.path} | {permission} | {', '.join(_conditions(operation))} |"


def _conditions(operation: Operation) -> Iterator[str]:
    if operation.permission is None:
        return
    if operation.verified:
        yield "verified address"
    if operation.sensitive:
        yield "the user document is read"
    if operation.recent:
        yield "signed in within five minutes"


def _operations() -> Iterator[Operation]:
    import main

    for path in main.FUNCTIONS.values():
        if path.startswith("functions.http."):
            yield from import_module(path).ENDPOINT.operations
