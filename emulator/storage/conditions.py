"""The conditions that a request sets on the generation of the object it works on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gcp_storage_emulator.exceptions import NotFound


class ConditionNotMetError(Exception):
    """The object is not as the request wants it: 412."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The parameters of a call; generations are decimal strings, 0 is an object that does not exist."""

    generation: str | None = None
    generation_match: str | None = None
    generation_not_match: str | None = None
    metageneration_match: str | None = None

    @classmethod
    def of(cls, query: Mapping[str, Sequence[str]]) -> Conditions:
        """From the query of a request."""

        def first(name: str) -> str | None:
            return query[name][0] if name in query else None

        return cls(
            generation=first("generation"),
            generation_match=first("ifGenerationMatch"),
            generation_not_match=first("ifGenerationNotMatch"),
            metageneration_match=first("ifMetagenerationMatch"),
        )

    def check(self, resource: Mapping[str, Any] | None) -> None:
        """Let pass an object's resource (None: there is none) that is as wanted.

        Raises:
            NotFound: another generation is asked for than the live one.
            ConditionNotMetError: a condition does not hold.
        """
        generation = "0" if resource is None else str(resource["generation"])
        if self.generation is not None and self.generation != generation:
            raise NotFound
        if self.generation_match is not None and self.generation_match != generation:
            raise ConditionNotMetError
        if self.generation_not_match is not None and self.generation_not_match == generation:
            raise ConditionNotMetError
        metageneration = None if resource is None else str(resource["metageneration"])
        if self.metageneration_match is not None and self.metageneration_match != metageneration:
            raise ConditionNotMetError
