"""A language model that answers in a given form. It adds to what others found and is never needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from shared.domain.disclosure import Marking

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True)
class Prompt(Generic[A]):
    """A question about a text.

    `instruction` is ours, the same for every text of a purpose. `data` is anybody's: whatever it says is not obeyed.
    `answer` is the form of the answer: bound its texts and lists, since what exceeds them is refused. `names` are those
    of people, which do not leave; IP addresses leave unless `hide_addresses`. `request_id` is that of the request that
    asks, for logs.
    """

    purpose: str
    version: str
    instruction: str
    data: str
    answer: type[A]
    marking: Marking
    request_id: str
    names: tuple[str, ...] = ()
    hide_addresses: bool = False
    max_output_tokens: int = 1024


@dataclass(frozen=True)
class Usage:
    """What one question took: tokens, and thousand-millionths of a US dollar by the price table.

    `tries` counts the requests made for it, those without an answer included; so do tokens and cost.
    """

    input_tokens: int
    output_tokens: int
    nano_usd: int
    tries: int


@dataclass(frozen=True)
class Generated(Generic[A]):
    """An answer in the form that was asked for.

    What was replaced before the text left stands in `answer` again, but for secrets: `<PASSWORD_1>` stays. `text` is
    the answer as it came, for the receipt: without any personal data. `latency` is in seconds, all tries together.
    """

    answer: A
    text: str = field(repr=False)
    model: str
    version: str
    usage: Usage
    latency: float


class LanguageModel(Protocol):
    """Answers questions about texts."""

    def generate(self, request: Prompt[A]) -> Generated[A]:
        """The answer.

        Raises:
            NotConfiguredError: no model is switched on.
            KeptBackError: the text may not leave, or is too long.
            BudgetExhaustedError: the answer could cost more than is left today.
            BlockedAnswerError: the provider's filters withheld it.
            BadAnswerError: no model of the chain gave an answer of this form.
            LanguageModelError: none of them answers in time.
            UnavailableError: what was spent cannot be counted, so nothing was asked.
        """
        ...
