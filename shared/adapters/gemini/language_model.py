"""The language model over Gemini: what leaves, what it may cost, whom to ask next, what to believe."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from shared.adapters.gemini.answers import checked
from shared.adapters.gemini.asking import FailedTryError, Question, Reply, ask, question_of
from shared.adapters.gemini.models import Model
from shared.domain.disclosure import disclosed
from shared.domain.errors import (
    BadAnswerError,
    BlockedAnswerError,
    BudgetExhaustedError,
    LanguageModelError,
    NotConfiguredError,
    UnavailableError,
)
from shared.domain.sensitive import Wanted
from shared.domain.taxonomy import Tlp
from shared.ports.ai_usage import AiUsage, Charge, Spent
from shared.ports.clock import Clock, Ids
from shared.ports.language_model import A, Generated, Prompt, Usage

if TYPE_CHECKING:
    from google.genai import Client

_MOST_OUTPUT_TOKENS = 8192


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds, for one request and for all; how often one model is asked; the first pause."""

    request: float = 12.0
    all: float = 25.0
    tries: int = 2
    pause: float = 0.5


@dataclass(frozen=True)
class Terms:
    """What the operator allows: the chain in its order, thousand-millionths of a dollar for a day (UTC), the TLP."""

    chain: Sequence[Model]
    daily_nano_usd: int
    ceiling: Tlp = Tlp.GREEN
    patience: Patience = field(default_factory=Patience)


class GeminiLanguageModel:
    """Asks the models of the chain until one gives an answer that can be used.

    Before each request its highest possible cost is set aside, and without that nothing is sent; after it, what it cost
    takes its place. What may have been billed without an answer counts in full.
    """

    def __init__(self, connect: Callable[[], Client], terms: Terms, usage: AiUsage, clock: Clock, ids: Ids) -> None:
        self._connect = connect
        self._terms = terms
        self._usage = usage
        self._clock = clock
        self._ids = ids

    def generate(self, request: Prompt[A]) -> Generated[A]:
        began = time.monotonic()
        safe = disclosed(
            request.data, request.marking, self._terms.ceiling, Wanted(request.names, request.hide_addresses)
        )
        tokens = max(1, min(request.max_output_tokens, _MOST_OUTPUT_TOKENS))
        question = question_of(replace(request, max_output_tokens=tokens), safe.text)
        round_ = _Round(self._connect(), self._terms, self._usage, self._clock, self._ids)
        log = structlog.get_logger().bind(purpose=request.purpose, asked_by=request.request_id)
        problem: LanguageModelError = LanguageModelError("The language model does not answer in time")
        for model in self._standing():
            try:
                reply = round_.ask(model, question)
                answer = checked(reply.text, question, safe)
            except BadAnswerError as error:
                log.warning("a model's answer was refused", model=model.name, reason=str(error))
                problem = error
                continue
            except FailedTryError as error:
                log.warning("a model gave no answer", model=model.name, reason=error.why)
                continue
            latency = time.monotonic() - began
            log.info("a model answered", model=model.name, latency=round(latency, 3), **asdict(round_.taken))
            return Generated(answer, reply.text, model.name, request.version, round_.taken, latency)
        raise problem

    def _standing(self) -> list[Model]:
        today = self._clock.now().date()
        standing = [model for model in self._terms.chain if not model.retired(today)]
        if not standing:
            raise NotConfiguredError("Every model of SECURA_GEMINI_MODELS is retired")
        return standing


class _Round:
    """The requests for one question, and what they took."""

    def __init__(self, client: Client, terms: Terms, usage: AiUsage, clock: Clock, ids: Ids) -> None:
        self._client = client
        self._terms = terms
        self._usage = usage
        self._clock = clock
        self._ids = ids
        self._deadline: datetime = clock.now() + timedelta(seconds=terms.patience.all)
        self.taken = Usage(0, 0, 0, 0)

    def ask(self, model: Model, question: Question) -> Reply:
        """The model's answer, asked again after a jittered pause while that makes sense and time is left.

        Raises:
            BudgetExhaustedError: it could cost too much.
            BadAnswerError: what came cannot be read.
            FailedTryError: it does not answer.
        """
        for attempt in range(self._terms.patience.tries):
            try:
                return self._once(model, question)
            except FailedTryError as error:
                if not error.again:
                    if error.billed:
                        raise BadAnswerError(f"The language model gave {error.why}") from None
                    raise
                if attempt + 1 == self._terms.patience.tries or not self._paused(attempt):
                    raise
        raise FailedTryError("no try is allowed", again=False, billed=False)

    def _paused(self, attempt: int) -> bool:
        longest = self._terms.patience.pause * 2**attempt
        moment = self._clock.now() + timedelta(seconds=random.uniform(0, longest))  # noqa: S311  # jitter, not a secret
        if moment >= self._deadline:
            return False
        self._clock.wait_until(moment)
        return True

    def _once(self, model: Model, question: Question) -> Reply:
        left = (self._deadline - self._clock.now()).total_seconds()
        if left <= 0:
            raise FailedTryError("no time left", again=False, billed=False)
        most = (question.most_input_tokens, question.max_output_tokens)
        charge = self._reserved(model, most)
        tokens: tuple[int, int] = most
        try:
            reply = ask(self._client, model.name, model.thinking, question, min(left, self._terms.patience.request))
            tokens = reply.tokens or most
        except FailedTryError as error:
            tokens = most if error.billed else (0, 0)
            raise
        except LanguageModelError as error:
            # What the filters withhold is billed; what Google does not let us ask is not.
            tokens = most if isinstance(error, BlockedAnswerError) else (0, 0)
            raise
        finally:
            self._settle(model, charge, tokens)
        return reply

    def _reserved(self, model: Model, most: tuple[int, int]) -> Charge:
        today = self._clock.now().date()
        charge = Charge(self._ids.new(), today, model.price(today).nano_usd(*most))
        if not self._usage.reserve(charge, self._terms.daily_nano_usd):
            raise BudgetExhaustedError(
                "What may be spent on the language model today is used up; it is free again at 00:00 UTC"
            )
        return charge

    def _settle(self, model: Model, charge: Charge, tokens: tuple[int, int]) -> None:
        cost = model.price(charge.day).nano_usd(*tokens)
        sofar = self.taken
        self.taken = Usage(
            sofar.input_tokens + tokens[0], sofar.output_tokens + tokens[1], sofar.nano_usd + cost, sofar.tries + 1
        )
        try:
            self._usage.settle(charge, Spent(model.name, *tokens, cost))
        except UnavailableError:
            # The whole charge stays counted: the budget ends earlier, never later.
            structlog.get_logger().warning("the cost of an answer could not be settled", model=model.name)
