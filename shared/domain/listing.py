"""Lists of incidents: which ones, and one page of what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain import search
from shared.domain.base import Model, UtcDatetime
from shared.domain.custom_fields import as_text
from shared.domain.incident import Incident
from shared.domain.observables import ObservableType
from shared.domain.query import TextQuery
from shared.domain.taxonomy import Category, Outcome, Priority, Severity, Status
from shared.domain.visibility import TEAM, scopes_of


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents; every field that is set narrows the list. `since` is inclusive, `until` is not.

    `scopes` are those of whoever looks: nothing is found that they may not see. `observable` is a type and a value in
    its canonical spelling, `field` the name of a custom field and a value as text.
    """

    scopes: Sequence[str]
    status: Status | None = None
    severity: Severity | None = None
    category: Category | None = None
    priority: Priority | None = None
    outcome: Outcome | None = None
    confidential: bool | None = None
    assignee: str | None = None
    reporter: str | None = None
    tag: str | None = None
    observable: tuple[ObservableType, str] | None = None
    field: tuple[str, str] | None = None
    text: TextQuery | None = None
    since: UtcDatetime | None = None
    until: UtcDatetime | None = None
    oldest_first: bool = False

    @property
    def terms(self) -> list[str]:
        """Elements of the index, one of which every incident of the list has: those of what narrows most."""
        exact = next(self._exact_texts(), None)
        words = self.text.word_text if self.text else None
        if exact is None and words is not None:
            # Words are indexed for the team; what somebody sees for their person is looked through.
            return [search.term(scope, words if scope == TEAM else search.ANY) for scope in self.scopes]
        return [search.term(scope, exact or search.ANY) for scope in self.scopes]

    @property
    def is_exact(self) -> bool:
        """Whether the database alone finds the incidents, so that none has to be read in vain."""
        return len(list(self._exact_texts())) <= 1 and (self.text is None or not self.text.parts)

    def fits(self, incident: Incident) -> bool:
        """Whether the incident is one of the list, as far as its terms and its words decide."""
        if set(self.scopes).isdisjoint(scopes_of(incident)):
            return False
        wanted = list(self._exact_texts())
        # A case of 200 observables has as many texts: they are made only where something is asked of them.
        if wanted and not set(search.exact_texts(incident)).issuperset(wanted):
            return False
        return self.text is None or self.text.fits(incident)

    def _exact_texts(self) -> Iterator[str]:
        """The texts of terms that an incident must have, the most telling first."""
        yield from map(search.reference, self.text.references if self.text else ())
        if self.observable is not None:
            yield search.observable(*self.observable)
        if self.field is not None:
            yield search.field(*self.field)
        if self.assignee is not None:
            yield search.assignee(self.assignee)
        if self.tag is not None:
            yield search.tag(self.tag)
        for name, value in (
            ("outcome", self.outcome),
            ("priority", self.priority),
            ("confidential", self.confidential),
        ):
            if value is not None:
                yield search.judged(name, as_text(value))


class IncidentPage(Model):
    """One page of incidents, and the cursor of the next; null at the end.

    A page can hold fewer than were asked for, even none, and still have a next one: a search looks through a bounded
    number of incidents for each page.
    """

    items: list[Incident]
    next_cursor: str | None = None
