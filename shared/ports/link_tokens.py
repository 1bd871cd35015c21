"""Tokens in links: each lets whoever holds it do one thing for a while."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol


class LinkTokens(Protocol):
    """Makes and reads tokens. What they say is signed, not secret: whoever has the link can read it."""

    def make(self, purpose: str, claims: Mapping[str, str], lifetime: timedelta) -> str:
        """A token that says the claims, for this purpose only, in characters that a URL can hold."""
        ...

    def read(self, purpose: str, token: str) -> Mapping[str, str]:
        """The claims of a token.

        Raises:
            NotFoundError: it is not one of ours, was made for something else, or does not hold any more. The three
                cannot be told apart.
        """
        ...
