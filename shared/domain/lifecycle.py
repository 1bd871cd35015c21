"""The states an incident goes through and the moves between them.

Source: the phases of NIST SP 800-61r2, chapter 3. Detection and analysis may turn out to need no containment (a false
positive is closed at once); recovery may show that the attacker is still there, so the way back to containment is open;
a closed incident is reopened into analysis.
"""

from __future__ import annotations

from shared.domain.errors import ConflictError, IllegalTransitionError
from shared.domain.taxonomy import Outcome, Status

TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.NEW: (Status.ANALYSIS, Status.CLOSED),
    Status.ANALYSIS: (Status.CONTAINMENT, Status.POST_INCIDENT, Status.CLOSED),
    Status.CONTAINMENT: (Status.ANALYSIS, Status.ERADICATION, Status.RECOVERY),
    Status.ERADICATION: (Status.CONTAINMENT, Status.RECOVERY),
    Status.RECOVERY: (Status.CONTAINMENT, Status.POST_INCIDENT),
    Status.POST_INCIDENT: (Status.ANALYSIS, Status.CLOSED),
    Status.CLOSED: (Status.ANALYSIS,),
}


def check_transition(current: Status, wanted: Status) -> None:
    """Pass a legal move and staying put.

    Raises:
        IllegalTransitionError: for any other, naming the legal ones.
    """
    legal = TRANSITIONS[current]
    if wanted != current and wanted not in legal:
        raise IllegalTransitionError(current, wanted, legal)


def check_closing(outcome: Outcome | None, summary: str | None) -> None:
    """Pass what is closed with both.

    Raises:
        ConflictError: one is missing; the text names it.
    """
    missing = [name for name, value in (("outcome", outcome), ("summary", summary)) if value is None]
    if missing:
        raise ConflictError(f"An incident is closed with an outcome and a summary: send {' and '.join(missing)} too")


def check_reopening(reason: str | None) -> None:
    """Pass what is reopened for a reason.

    Raises:
        ConflictError: nobody says why.
    """
    if reason is None:
        raise ConflictError("A closed incident is reopened for a reason: send reason too")
