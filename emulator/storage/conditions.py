"""The conditions that a request sets on the generation of the object it works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from emulator.storage.errors import ConditionNotMetError, InvalidError, NotModifiedError


@dataclass(frozen=True, slots=True)
class Conditions:
    """Wanted and unwanted generations and metagenerations; generation 0 is an object that does not exist.

    Source: "Request preconditions" of the Cloud Storage documentation.
    """

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], prefix: str = "if") -> Conditions:
        """From the parameters of a request, which for the source of a copy begin with `ifSource`.

        Raises:
            InvalidError: one is no number.
        """
        return cls(
            generation_match=number(query, f"{prefix}GenerationMatch"),
            generation_not_match=number(query, f"{prefix}GenerationNotMatch"),
            metageneration_match=number(query, f"{prefix}MetagenerationMatch"),
            metageneration_not_match=number(query, f"{prefix}MetagenerationNotMatch"),
        )

    def as_dict(self) -> dict[str, int | None]:
        """For keeping them as JSON; `Conditions(**as_dict)` is them again."""
        return asdict(self)

    def check_write(self, resource: Mapping[str, Any] | None) -> None:
        """Let pass an object (None: there is none) that is as wanted.

        Raises:
            ConditionNotMetError: it is not.
        """
        if not self._matches(resource) or not self._differs(resource):
            raise ConditionNotMetError

    def check_read(self, resource: Mapping[str, Any]) -> None:
        """Let pass an object that is as wanted.

        Raises:
            ConditionNotMetError: it is not.
            NotModifiedError: it is what the reader has.
        """
        if not self._matches(resource):
            raise ConditionNotMetError
        if not self._differs(resource):
            raise NotModifiedError

    def _matches(self, resource: Mapping[str, Any] | None) -> bool:
        generation, metageneration = _numbers(resource)
        return (
            self.generation_match in {None, generation}
            and (self.metageneration_match is None or self.metageneration_match == metageneration)
        )  # fmt: skip

    def _differs(self, resource: Mapping[str, Any] | None) -> bool:
        generation, metageneration = _numbers(resource)
        return (
            self.generation_not_match != generation
            and (self.metageneration_not_match is None or self.metageneration_not_match != metageneration)
        )  # fmt: skip


def _numbers(resource: Mapping[str, Any] | None) -> tuple[int, int | None]:
    if resource is None:
        return 0, None
    return int(resource["generation"]), int(resource["metageneration"])


def number(values: Mapping[str, str], name: str) -> int | None:
    """A parameter that is a number of at most 64 bits, if it is there.

    Raises:
        InvalidError: it is something else.
    """
    text = values.get(name)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise InvalidError(f"Invalid value for {name}.")
    return int(text)
