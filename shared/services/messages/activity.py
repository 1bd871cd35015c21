"""What a message does to its incident: it is active now, and has the observables of the words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.incident import Incident
from shared.domain.messages import Message
from shared.domain.observables import Observable, ObservableSource
from shared.ports.store import INCIDENTS, Work

if TYPE_CHECKING:  # the function is handed in: reading messages goes without the extraction
    from shared.services.incidents.observing import Observe


def stir(work: Work, observe: Observe, incident: Incident, message: Message, now: datetime) -> Sequence[Observable]:
    """Keep what a written, edited or deleted message changes at the incident; the observables that are new.

    An internal note changes nothing there: the reporter sees the incident, and would learn from its observables what
    the note says, and from its last activity that there is one. Version and time of update stay, so that nobody's
    edit of the incident is refused because somebody wrote.
    """
    if message.internal:
        return ()
    text = message.body
    after = incident if text is None else observe(incident, text, ObservableSource.MESSAGE, now)
    work.put(INCIDENTS, after.model_copy(update={"active_at": now}))
    known = {one.key for one in incident.observables}
    return [one for one in after.observables if one.key not in known]
