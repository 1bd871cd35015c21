"""Finds open incidents that may be the one that somebody is reporting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from shared.ai.likeness import Alike, Described, Likeness, stems
from shared.ai.observables import extract
from shared.domain.duplicates import (
    MAX_DUPLICATES,
    TOLD_TO_EVERYBODY,
    WINDOW,
    Candidate,
    DuplicateQuery,
    PossibleDuplicate,
)
from shared.domain.incident import IncidentReport
from shared.domain.people import Identity
from shared.domain.permissions import Permission
from shared.domain.search import WORD, observable
from shared.ports.candidates import Candidates
from shared.ports.clock import Clock

MAX_CANDIDATES = 12
"""Incidents that are read for one report."""
_WORDS = 8
_OBSERVABLES = 6
_NAMED = 3
_AT_ONCE = 8


class DuplicateSearch:
    """Compares a report with the newest open incidents that share something telling with it.

    Whoever may not see an incident learns nothing of what it says: how alike the two are is rounded, and the reasons
    name what both have only to those who may read both.
    """

    def __init__(self, candidates: Candidates, clock: Clock) -> None:
        self._candidates = candidates
        self._clock = clock
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="duplicates")

    def find(self, who: Identity, report: DuplicateQuery) -> list[PossibleDuplicate]:
        """At most MAX_DUPLICATES, the likeliest first.

        Raises:
            UnavailableError: the database does not answer.
        """
        return self._likely(who, report)[:MAX_DUPLICATES]

    def beside(self, who: Identity, report: IncidentReport) -> Callable[[str], list[PossibleDuplicate]]:
        """Look while the report is being kept; what was found is asked for with the id of the incident it became.

        Both take about as long, and neither waits for the other. A report that is imported is not compared: nobody
        would join. The function that is returned raises `UnavailableError` when the database did not answer in time.
        """
        if not report.notify:
            return lambda _: []
        query = DuplicateQuery(
            title=report.title, description=report.description, affected_assets=report.affected_assets
        )
        found = self._pool.submit(self._likely, who, query)
        return lambda own: [one for one in found.result() if one.incident_id != own][:MAX_DUPLICATES]

    def _likely(self, who: Identity, report: DuplicateQuery) -> list[PossibleDuplicate]:
        likeness = Likeness.load()
        text = "\n".join([report.title, report.description, *report.affected_assets])
        named = [(one.type, one.value) for one in extract(text)]
        wanted = likeness.described(report.title, report.description, report.affected_assets, frozenset(named))
        texts = [observable(*key) for key in named[:_OBSERVABLES]] + likeness.telling(wanted, _WORDS)
        # One more, since the incident itself may be among them.
        found = self._candidates.recent(texts, self._clock.now() - WINDOW, MAX_CANDIDATES + 1)
        alike = [
            (likeness.compare(wanted, _described(likeness, one)), one)
            for one in found
            if not one.merged and _may_be_told(who, one)
        ]
        likely = sorted(
            ((how, one) for how, one in alike if how.probability >= likeness.threshold),
            key=lambda pair: (-pair[0].probability, pair[1].id),
        )
        return [_shown(who, how, one, text) for how, one in likely]


def _described(likeness: Likeness, one: Candidate) -> Described:
    return likeness.described(one.title, one.description, one.affected_assets, one.observables)


def _sees(who: Identity, one: Candidate) -> bool:
    return who.can(Permission.INCIDENT_READ_ALL) or who.uid == one.reporter_id or who.uid in one.access_ids


def _may_be_told(who: Identity, one: Candidate) -> bool:
    return _sees(who, one) or one.tlp in TOLD_TO_EVERYBODY


def _shown(who: Identity, how: Alike, one: Candidate, text: str) -> PossibleDuplicate:
    sees = _sees(who, one)
    return PossibleDuplicate(
        incident_id=one.id,
        reference=one.reference,
        reported_at=one.reported_at,
        similarity=round(how.probability, 2 if sees else 1),
        reasons=_reasons(how, text) if sees else _plain_reasons(how),
        title=one.title if sees else None,
        status=one.status if sees else None,
    )


def _reasons(how: Alike, text: str) -> list[str]:
    """What both have, in the words of the report."""
    spelled = {stem: word for word in reversed(WORD.findall(text)) for stem in stems(word)}
    words = [spelled[stem] for stem in how.stems[:_NAMED] if stem in spelled]
    return [
        *(f"both name {value}" for _, value in how.observables[:_NAMED]),
        *(f"both affect {asset}" for asset in how.assets[:_NAMED]),
        *([f"words of both: {', '.join(words)}"] if words else []),
    ]


def _plain_reasons(how: Alike) -> list[str]:
    """What kinds of things both have."""
    kinds = dict.fromkeys(kind for kind, _ in how.observables)
    return [
        *(f"both name the same {kind}" for kind in kinds),
        *(["both affect the same"] if how.assets else []),
        *(["similar words"] if how.stems else []),
    ]
