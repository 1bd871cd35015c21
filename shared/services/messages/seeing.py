"""What somebody may see of an incident's messages; everything else does not exist for them."""

from __future__ import annotations

from shared.domain.errors import NotFoundError
from shared.domain.incident import Incident
from shared.domain.messages import MergedIncidentError, Message
from shared.domain.people import Identity
from shared.domain.visibility import may_see, may_work_on
from shared.ports.store import INCIDENTS, Store, Work, messages_of


def seen_incident(source: Work | Store, who: Identity, incident_id: str) -> Incident:
    """The incident.

    Raises:
        NotFoundError: there is none that the caller may see.
    """
    incident = source.get(INCIDENTS, incident_id)
    if incident is None or not may_see(who, incident):
        raise NotFoundError("There is no such incident")
    return incident


def seen_message(source: Work | Store, who: Identity, incident: Incident, message_id: str) -> Message:
    """A message of the incident.

    Raises:
        NotFoundError: there is none that the caller may see.
    """
    message = source.get(messages_of(incident.id), message_id)
    if message is None or (message.internal and not may_work_on(who, incident)):
        raise NotFoundError("There is no such message")
    return message


def check_open(work: Work, who: Identity, incident: Incident) -> None:
    """Whether the conversation goes on here: at a closed incident it may, at a merged one it does elsewhere.

    Raises:
        MergedIncidentError: it was merged; the text says into which one, to those who may see that one.
    """
    if incident.merged_into is None:
        return
    target = work.get(INCIDENTS, incident.merged_into)
    if target is None or not may_see(who, target):
        raise MergedIncidentError("This incident was merged into another one: nothing can be written here any more")
    raise MergedIncidentError(f"This incident was merged into {target.reference} ({target.id}): write there")
