"""Personal values, encrypted under a key of the person they are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class SubjectCipher(Protocol):
    """Encrypts and decrypts texts, each under one person's key, which is made when it is first needed."""

    def encrypt(self, subject: str, text: str, context: str) -> str:
        """The text's ciphertext (ASCII). `context` names its place and is needed again to decrypt: it cannot be moved.

        Raises:
            UnavailableError: the key cannot be had.
        """
        ...

    def decrypt(self, subject: str, ciphertext: str, context: str) -> str | None:
        """The text; None when the person's key was dropped.

        Raises:
            UnavailableError: the key cannot be had.
            TamperedError: the ciphertext is not what was encrypted at this place.
        """
        ...

    def prepare(self, subjects: Iterable[str]) -> None:
        """Have these persons' keys at hand, in one call to the database where one is needed."""
        ...

    def drop(self, subject: str) -> bool:
        """Destroy the person's key, for ever; whether there was one. No key is made for them again.

        Raises:
            UnavailableError: it could not be done.
        """
        ...
