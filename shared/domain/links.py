"""Links between incidents: what is asked for, and what it makes of an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from shared.domain.base import Line, Model
from shared.domain.errors import ConflictError
from shared.domain.incident import MAX_LINKS, Incident, Link, LinkKind, Uid
from shared.domain.visibility import scopes_of

IncidentName = Annotated[
    Line, Field(min_length=1, max_length=128, description="id or reference", examples=["INC-7K3M-9QXT"])
]
MAX_ANCESTORS = 100
"""Incidents above one, over all generations, that a search for a circle looks at."""


class OtherIncident(Model):
    """Names an incident by its id or by its reference."""

    incident_id: Uid | None = None
    reference: Annotated[Line, Field(min_length=1, max_length=20, examples=["INC-7K3M-9QXT"])] | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if (self.incident_id is None) == (self.reference is None):
            raise ValueError("give incident_id or reference, one of the two")
        return self

    @property
    def name(self) -> str:
        """The id or the reference."""
        return self.incident_id or self.reference or ""


class LinkRequest(OtherIncident):
    """A link to make: `kind` says what the other incident is to this one."""

    kind: LinkKind


def next_version(incident: Incident, now: datetime, **updates: Any) -> Incident:
    """The incident with these fields changed by somebody."""
    return incident.model_copy(update=updates | {"updated_at": now, "version": incident.version + 1})


def link_between(incident: Incident, other_id: str) -> Link | None:
    """The link of the incident to the other one: there is at most one."""
    return next((link for link in incident.links if link.incident_id == other_id), None)


def with_link(incident: Incident, kind: LinkKind, other_id: str) -> list[Link]:
    """The links with one to the other incident, in place of the one there may be.

    Raises:
        ConflictError: there are as many as an incident can have.
    """
    links = [*without_link(incident, other_id), Link(kind=kind, incident_id=other_id)]
    if len(links) > MAX_LINKS:
        raise ConflictError(f"{incident.reference} has {MAX_LINKS} links: no more fit")
    return links


def without_link(incident: Incident, other_id: str) -> list[Link]:
    """The links without the one to the other incident."""
    return [link for link in incident.links if link.incident_id != other_id]


def same_audience(one: Incident, other: Incident) -> bool:
    """Whether connecting the two tells nobody of one that they may not see.

    Everybody of the team sees what is not confidential. Of a confidential incident only its people know: it is
    connected with one that exactly the same people see, or each side would tell somebody of the other.
    """
    if not one.confidential and not other.confidential:
        return True
    return set(scopes_of(one)) == set(scopes_of(other))


def check_audience(one: Incident, other: Incident) -> None:
    """Pass two incidents that may be connected.

    Raises:
        ConflictError: one of them is confidential and others see the other one.
    """
    if not same_audience(one, other):
        raise ConflictError(
            "A confidential incident is connected only with one that exactly the same people may see: "
            "make confidential and access_ids of both the same first"
        )


def is_connected(incident: Incident) -> bool:
    """Whether other incidents name this one, or it names others."""
    return bool(incident.links or incident.merged_ids or incident.merged_into)
