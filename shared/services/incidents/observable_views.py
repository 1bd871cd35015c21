"""Observables as the API takes and shows them."""

from __future__ import annotations

from pydantic import Field

from shared.ai.observables import defanged
from shared.domain.base import Model
from shared.domain.observables import Observable, ObservableType, ObservableValue
from shared.domain.taxonomy import Tlp
from shared.ports.sightings import Sighting

MAX_OTHERS = 5
"""Other incidents that are named with an observable; all are counted."""


class ObservableAddition(Model):
    """An observable to add. Its type is guessed when it is left out; defanged spellings are understood."""

    value: ObservableValue = Field(examples=["hxxps://login[.]evil[.]example/a"])
    type: ObservableType | None = None
    tlp: Tlp | None = Field(default=None, description="The incident's, when left out")


class SeenIn(Model):
    """Incidents that the caller may see and that hold the observable, this one counted, too."""

    count: int
    others: list[Sighting] = Field(description=f"The newest others, at most {MAX_OTHERS}")


class ShownObservable(Observable):
    """An observable, and who else has seen it; nobody counts what is known good."""

    sightings: SeenIn | None = None


class ObservablePage(Model):
    """One page of an incident's observables, by type and value; `next_cursor` is null at the end."""

    items: list[ShownObservable]
    next_cursor: str | None = None


def with_defanged_values(page: ObservablePage) -> ObservablePage:
    """The page with values that no program makes a link of."""
    items = [one.model_copy(update={"value": defanged(one.type, one.value)}) for one in page.items]
    return page.model_copy(update={"items": items})
