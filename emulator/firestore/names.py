"""Resource names: projects/P/databases/D/documents/collection/id/…"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from emulator.firestore.errors import invalid

MAX_ID_BYTES: Final = 1500
MAX_NAME_BYTES: Final = 6 * 1024
MAX_PATH_DEPTH: Final = 100  # collections under collections
_RESERVED = re.compile(r"__.*__", re.DOTALL)
_NUMERIC_ID = re.compile(r"__id(?:0|-?[1-9]\d{0,18})__")
_DATABASE = re.compile(r"projects/([^/]+)/databases/([^/]+)")


class DocumentKey(NamedTuple):
    """One document: its database, the path of its collection below `documents`, and its id."""

    database: str
    collection: str
    id: str

    @property
    def path(self) -> str:
        """The path below `documents`."""
        return f"{self.collection}/{self.id}"

    @property
    def name(self) -> str:
        """The full resource name."""
        return f"{self.database}/documents/{self.collection}/{self.id}"


@dataclass(frozen=True, slots=True)
class Parent:
    """What collections hang under: the root of a database (`path` is empty) or a document."""

    database: str
    path: str

    def collection(self, collection_id: str) -> str:
        """The path of one of its collections."""
        return f"{self.path}/{collection_id}" if self.path else collection_id


def parse_database(name: str) -> str:
    """The name of a database, checked.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if not _DATABASE.fullmatch(name):
        raise invalid(f'Invalid database name: "{name}". Expected projects/{{project}}/databases/{{database}}.')
    return name


def parse_document(name: str) -> DocumentKey:
    """The document that a full resource name means.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    database, path = _split(name, "Document name")
    collection, _, identifier = path.rpartition("/")
    if not collection or path.count("/") % 2 == 0:
        raise invalid(f'Document name "{name}" has an odd number of segments below "documents".')
    return DocumentKey(database, collection, identifier)


def parse_parent(name: str) -> Parent:
    """The root or the document that a `parent` field means.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    database, path = _split(name, "Document parent name")
    if path and path.count("/") % 2 == 0:
        raise invalid(f'Document parent name "{name}" has an odd number of segments below "documents".')
    return Parent(database, path)


def _split(name: str, what: str) -> tuple[str, str]:
    match = _DATABASE.match(name)
    if match is None:
        raise invalid(f'{what} "{name}" lacks "projects/{{project}}/databases/{{database}}".')
    rest = name[match.end() :]
    if rest not in {"/documents", "/documents/"} and not rest.startswith("/documents/"):
        raise invalid(f'{what} "{name}" lacks "documents" at index 4.')
    path = rest.removeprefix("/documents").removeprefix("/")
    if path:
        _check_path(path, name, what)
    return match[0], path


def _check_path(path: str, name: str, what: str) -> None:
    if len(name.encode()) > MAX_NAME_BYTES:
        raise invalid(f"{what} is longer than {MAX_NAME_BYTES} bytes.")
    segments = path.split("/")
    if len(segments) > 2 * MAX_PATH_DEPTH:
        raise invalid(f"{what} has more than {MAX_PATH_DEPTH} levels of collections.")
    for segment in segments:
        check_id(segment, name)


def check_id(segment: str, name: str) -> None:
    """Check a collection or document id.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if not segment:
        raise invalid(f'Document name "{name}" has an empty resource id.')
    if segment in {".", ".."}:
        raise invalid(f'Resource id "{segment}" is invalid.')
    if "/" in segment:
        raise invalid(f'Resource id "{segment}" contains "/".')
    if _RESERVED.fullmatch(segment) and not _NUMERIC_ID.fullmatch(segment):
        raise invalid(f'Resource id "{segment}" is invalid because it is reserved.')
    if len(segment.encode()) > MAX_ID_BYTES:
        raise invalid(f"Resource id is longer than {MAX_ID_BYTES} bytes.")
