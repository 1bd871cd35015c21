"""Whom a message mentions: only people who could see it, and nobody learns from a refusal who exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.errors import InvalidInputError
from shared.domain.incident import Incident
from shared.domain.messages import MAX_MENTIONS, mentions_in
from shared.domain.people import User
from shared.domain.visibility import user_may_see, user_works_on
from shared.ports.store import USERS, Work

_REFUSED = "names somebody who cannot see this incident"


def mentioned(work: Work, incident: Incident, body: str, named: Sequence[str], *, internal: bool) -> list[str]:
    """The uids of whom the body and the list name, each once.

    Raises:
        InvalidInputError: one is unknown, disabled, or may not see this message: with the same words for each of
            these, after the same reads. Or they are too many.
    """
    places = dict.fromkeys(mentions_in(body), "body") | {name: f"mentions.{n}" for n, name in enumerate(named)}
    if len(places) > MAX_MENTIONS:
        raise InvalidInputError(
            "Too many mentions", {"mentions": f"at most {MAX_MENTIONS}, those in the body included"}
        )
    fits = user_works_on if internal else user_may_see
    found = {name: _user(work, name) for name in places}
    uids = {name: user.uid for name, user in found.items() if user is not None and fits(user, incident)}
    _check_all(places, uids)
    return list(dict.fromkeys(uids.values()))


def _check_all(places: Mapping[str, str], uids: Mapping[str, str]) -> None:
    refused = {place: _REFUSED for name, place in places.items() if name not in uids}
    if refused:
        raise InvalidInputError("Somebody who is mentioned cannot see this incident", refused)


def _user(work: Work, name: str) -> User | None:
    if "@" not in name:
        return work.get(USERS, name)
    # Addresses are kept in lower case.
    return next(iter(work.find(USERS, 1, email=name.lower())), None)
