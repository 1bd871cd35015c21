"""How good a password is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class PasswordJudge(Protocol):
    """Finds passwords that an attacker would try early."""

    def objection(self, password: str, known: Sequence[str]) -> str | None:
        """Why the password is no good, as a sentence for its owner; None when it is.

        `known` are words that an attacker knows of the person: name, address, the platform's name.
        """
        ...
