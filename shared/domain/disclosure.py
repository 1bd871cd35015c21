"""What may leave for a service of others: the gate by markings, and the text without what identifies and what opens.

TLP 2.0 (FIRST, https://www.first.org/tlp/) says with whom a text may be shared, PAP (MISP taxonomy "PAP") what may be
done with it. A provider of language models is neither in the organisation nor named as a recipient, so by default only
CLEAR and GREEN leave; whatever an operator sets, RED, AMBER+STRICT and confidential cases never do.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.errors import KeptBackError
from shared.domain.redaction import Redacted, redact, survivors
from shared.domain.sensitive import Wanted
from shared.domain.taxonomy import Pap, Tlp

_TLP_ORDER = list(Tlp)
HIGHEST_CEILING = Tlp.AMBER
"""What an operator can at most let out: AMBER+STRICT and RED are for named recipients."""
_LEAVING_PAP = frozenset({Pap.CLEAR, Pap.GREEN})
MOST_CHARACTERS = 60_000
"""Of a text that leaves: about 15,000 tokens."""


@dataclass(frozen=True)
class Marking:
    """How a text is marked. Without anything known it is as incidents are by default: it stays."""

    tlp: Tlp = Tlp.AMBER
    pap: Pap = Pap.AMBER
    confidential: bool = False


def may_leave(marking: Marking, ceiling: Tlp = Tlp.GREEN) -> bool:
    """Whether a text so marked may be sent to a service of others, when the operator lets out TLP up to `ceiling`."""
    allowed = min(ceiling, HIGHEST_CEILING, key=_TLP_ORDER.index)
    return (
        not marking.confidential
        and marking.pap in _LEAVING_PAP
        and _TLP_ORDER.index(marking.tlp) <= _TLP_ORDER.index(allowed)
    )


def disclosed(text: str, marking: Marking, ceiling: Tlp, wanted: Wanted) -> Redacted:
    """The text as it may leave.

    Raises:
        KeptBackError: its marking forbids it, it is too long, or something would be left in it that must not leave.
    """
    if not may_leave(marking, ceiling):
        kind = "confidential" if marking.confidential else f"TLP:{marking.tlp}, PAP:{marking.pap}"
        raise KeptBackError(f"What is marked {kind} is not sent to a language model")
    if len(text) > MOST_CHARACTERS:
        raise KeptBackError(
            f"A text of {len(text)} characters is not sent to a language model; {MOST_CHARACTERS} are the most"
        )
    safe = redact(text, wanted)
    if survivors(safe.text, wanted):
        raise KeptBackError("Personal data or secrets cannot be taken out of this text, so that it is not sent")
    return safe
