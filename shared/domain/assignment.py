"""Who works on an incident: what is asked for, and what it makes of the list of its assignees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.domain.base import Line, Model, Text
from shared.domain.errors import ConflictError
from shared.domain.incident import MAX_PEOPLE


class AssignmentRule(StrEnum):
    """Chooses somebody of the security team."""

    LEAST_LOADED = "least_loaded"
    SKILL = "skill"
    ON_CALL = "on_call"


class AssignmentMode(StrEnum):
    """What becomes of the others."""

    HAND_OVER = "hand_over"
    ADD = "add"
    REMOVE = "remove"


class AssignmentRequest(Model):
    """Somebody by name, or a rule that chooses them."""

    assignee_id: Annotated[Line, Field(min_length=1, max_length=254)] | None = Field(
        default=None, description="A uid or an e-mail address", examples=["bo@example.org"]
    )
    rule: AssignmentRule | None = Field(
        default=None,
        description="In place of assignee_id: least_loaded, of the security team who has the fewest open incidents; "
        "skill, the same among those whose skills name its category; on_call, who is on call now",
    )
    mode: AssignmentMode = Field(
        default=AssignmentMode.HAND_OVER, description="hand_over takes the place of everybody who was assigned"
    )
    note: Annotated[Text, Field(min_length=1, max_length=5_000)] | None = Field(
        default=None, description="For those who handle the incident; it is in the mail to the assignee"
    )
    grant_access: bool = Field(
        default=False, description="Name the assignee in access_ids, too, where the incident is confidential"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.assignee_id is None) == (self.rule is None):
            raise ValueError("give assignee_id or rule, one of the two")
        if self.rule is not None and self.mode is AssignmentMode.REMOVE:
            raise ValueError("a rule chooses whom to assign: name by assignee_id whom to remove")
        return self


def assignees_after(current: Sequence[str], uid: str, mode: AssignmentMode) -> list[str]:
    """The list with the person assigned or removed.

    Raises:
        ConflictError: an incident has no room for so many.
    """
    if mode is AssignmentMode.HAND_OVER:
        return [uid]
    if mode is AssignmentMode.REMOVE:
        return [one for one in current if one != uid]
    after = list(dict.fromkeys([*current, uid]))
    if len(after) > MAX_PEOPLE:
        raise ConflictError(f"{MAX_PEOPLE} people are assigned already: no more fit")
    return after


def least_loaded(load: Mapping[str, int]) -> str | None:
    """The person with the fewest open incidents; of several the first by uid. None when there is nobody."""
    return min(load, key=lambda uid: (load[uid], uid), default=None)
