"""What an incident is found by: the terms of its search index, each within the scope of those who may see it.

Firestore finds values, not parts of texts, and looks into one array for each query. So everything that a list can be
narrowed by through an array is one array, `terms`, and each of its elements is made of a scope (see
`shared.domain.visibility`) and a text: whoever looks for a term looks for it within their own scopes, and an incident
that they may not see has no such element. It is not found, not counted, and not read.

An element is the first 48 bits of a BLAKE2s hash: documents stay small, and an app that listens to an incident is not
sent its words twice. Two texts that share one make a candidate more, which is looked at before it is shown.

Words are indexed for the team only, since a confidential incident would need every word for each of its people: those
few incidents are found by their person and read.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from shared.domain.custom_fields import as_text
from shared.domain.incident import Incident
from shared.domain.taxonomy import Status
from shared.domain.visibility import TEAM, scopes_of

DERIVED = frozenset({"terms", "audience", "open"})
MAX_WORDS = 600
"""Distinct words of one incident that are indexed; a description of 20,000 characters may hold more."""
PREFIXES = (2, 3, 4, 6)
"""Lengths of the beginnings of a word that are indexed beside the whole word."""
_LONGEST_WORD = 40
COMPOUND = re.compile(r"\w+(?:[-.@]\w+)*")
WORD = re.compile(r"\w+")

ANY = ""
"""The text that every incident has a term of."""
GONE = "gone"
"""The text of the term in `audience` of the scopes that saw an incident until it became confidential: live updates
tell them once."""


def term(scope: str, text: str) -> str:
    """The element of the index for a text within a scope: 8 characters."""
    digest = hashlib.blake2s(f"{scope}\0{text}".encode(errors="replace"), digest_size=6).digest()
    return base64.urlsafe_b64encode(digest).decode()


def folded(text: str) -> str:
    """The text as it is compared: compatibility forms, letters without case and accents."""
    if text.isascii():
        return text.lower()  # which is what all the rest would make of it
    # Compatibility forms can hold capitals, and lower case can hold accents apart: so both twice.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def compounds_of(text: str) -> list[str]:
    """The words of a text, folded; what hangs together, such as mail.example.org or 192.0.2.1, is one compound."""
    return COMPOUND.findall(folded(text))


def word_texts(compound: str) -> Iterator[str]:
    """The texts of the terms of a compound: its words and, where it has several, each two neighbours.

    By a pair an address is found without looking through everything that holds a 1.
    """
    words = WORD.findall(compound)
    yield from (word(one) for one in words)
    yield from (word(f"{one}\0{other}") for one, other in pairwise(words))


def tag(value: str) -> str:
    """The text of a tag's term."""
    return f"tag:{folded(value)}"


def assignee(uid: str) -> str:
    """The text of an assignee's term."""
    return f"assignee:{uid}"


def observable(kind: str, value: str) -> str:
    """The text of an observable's term."""
    return f"observable:{kind}:{value}"


def field(name: str, value: Any) -> str:
    """The text of a custom field's term."""
    return f"field:{name}={as_text(value)}"


def judged(name: str, value: str) -> str:
    """The text of the term of a field with few values: priority, outcome, confidential."""
    return f"{name}:{value}"


def reference(value: str) -> str:
    """The text of a reference's term."""
    return f"reference:{value.upper()}"


def word(value: str) -> str:
    """The text of a whole word's term."""
    return f"word:{value[:_LONGEST_WORD]}"


def prefix(value: str) -> str:
    """The text of a word's beginning; it must be as long as one of PREFIXES."""
    return f"prefix:{value}"


def derived_fields(incident: Incident) -> dict[str, Any]:
    """What the document of an incident holds beside its model: the index, and whether anybody still works on it."""
    return {
        "terms": terms_of(incident),
        "audience": audience_of(incident),
        "open": incident.status is not Status.CLOSED,
    }


def audience_of(incident: Incident) -> list[str]:
    """The terms by which live updates are told to whoever sees the incident, and to whoever has just lost sight of it.

    A few, beside the hundreds of `terms`: with the time of every change in the index, all of them would be written
    anew at every change.
    """
    lost = incident.withdrawal.scopes if incident.withdrawal is not None else ()
    return sorted({term(scope, ANY) for scope in scopes_of(incident)} | {term(scope, GONE) for scope in lost})


def terms_of(incident: Incident) -> list[str]:
    """The index of an incident, in order and without doubles."""
    exact = list(exact_texts(incident))
    found = {term(scope, text) for scope in scopes_of(incident) for text in exact}
    if not incident.confidential:
        found |= {term(TEAM, text) for text in _word_texts(incident)}
    return sorted(found)


def exact_texts(incident: Incident) -> Iterator[str]:
    """The texts of the terms that are indexed in every scope."""
    yield ANY
    yield reference(incident.reference)
    yield judged("priority", incident.priority)
    yield judged("confidential", as_text(incident.confidential))
    if incident.outcome is not None:
        yield judged("outcome", incident.outcome)
    yield from map(tag, incident.tags)
    yield from map(assignee, incident.assignee_ids)
    yield from (observable(one.type, one.value) for one in incident.observables)
    yield from (field(name, value) for name, value in incident.custom_fields.items() if value is not None)


def searched_texts(incident: Incident) -> list[str]:
    """The texts that a search looks into, most telling first."""
    custom = [value for value in incident.custom_fields.values() if isinstance(value, str)]
    observables = [one.value for one in incident.observables]
    return [
        incident.reference,
        incident.title,
        *incident.tags,
        *incident.affected_assets,
        *custom,
        *observables,
        incident.summary or "",
        incident.description,
    ]


def _word_texts(incident: Incident) -> Iterator[str]:
    compounds = dict.fromkeys(found for text in searched_texts(incident) for found in compounds_of(text))
    words = dict.fromkeys(one for compound in compounds for one in WORD.findall(compound))
    indexed = set(list(words)[:MAX_WORDS])
    for one in indexed:
        yield from (prefix(one[:length]) for length in PREFIXES if len(one) >= length)
    for compound in compounds:
        if indexed.issuperset(WORD.findall(compound)):
            yield from word_texts(compound)
