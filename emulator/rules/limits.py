"""What production bounds. Source: "Security Rules limits" of "Usage and limits", Cloud Firestore."""

from __future__ import annotations

from typing import Final

SOURCE_BYTES: Final = 256 * 1024
MATCH_DEPTH: Final = 10
FUNCTION_ARGUMENTS: Final = 7
LET_BINDINGS: Final = 10
CALL_DEPTH: Final = 20
EXPRESSIONS: Final = 1000
DOCUMENT_ACCESSES: Final = 10

# Ours: what keeps parsing and evaluation within Python's stack, far beyond what people write.
NESTING: Final = 50
HEIGHT: Final = 100
STACK: Final = 250
MATCHINGS: Final = 1000
