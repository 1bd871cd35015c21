"""The models that may be asked: when each retires and what it costs, from `models.json` beside this file.

Dates and prices are Google's, by the sources that the file names, as known on the day that it names. A retirement date
there means "then or later". tests/gemini/test_models.py fails thirty days before a model of the default chain retires.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.errors import NotConfiguredError

NANO = 1_000_000_000
_TABLE = Path(__file__).with_name("models.json")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Row):
    """US dollars for a million tokens, from a day on."""

    start: Annotated[date, Field(alias="from")]
    input_usd_per_million: Annotated[Decimal, Field(gt=0)]
    output_usd_per_million: Annotated[Decimal, Field(gt=0)]

    def nano_usd(self, input_tokens: int, output_tokens: int) -> int:
        """What so many tokens cost, in thousand-millionths of a dollar, rounded up."""
        millionths = input_tokens * self.input_usd_per_million + output_tokens * self.output_usd_per_million
        return int((millionths * NANO / 1_000_000).to_integral_value(ROUND_CEILING))


class Model(_Row):
    """A model. `thinking` is the least that it can do: thoughts are paid for as output."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,63}$")]
    released: date
    retires: date
    thinking: Literal["MINIMAL", "LOW"]
    prices: Annotated[tuple[Price, ...], Field(min_length=1)]

    def price(self, day: date) -> Price:
        """The price that holds on the day; before the first one, the first."""
        held = [price for price in self.prices if price.start <= day]
        return max(held, key=lambda price: price.start) if held else min(self.prices, key=lambda price: price.start)

    def retired(self, day: date, within: timedelta = timedelta(0)) -> bool:
        """Whether it cannot be counted on any more after so much time from that day on."""
        return day + within >= self.retires


class Table(_Row):
    """Every model that is known, and which are asked unless an operator says otherwise, in which order."""

    default_chain: Annotated[tuple[str, ...], Field(min_length=1)]
    lifecycle_source: str
    price_source: str
    price_note: str
    checked: date
    models: tuple[Model, ...]

    def chain(self, names: Sequence[str] = ()) -> tuple[Model, ...]:
        """The models of these names in their order; the default ones without any.

        Raises:
            NotConfiguredError: a name is not in the table, so that neither its price nor its end is known.
        """
        known = {model.name: model for model in self.models}
        wanted = tuple(dict.fromkeys(names or self.default_chain))
        if unknown := [name for name in wanted if name not in known]:
            raise NotConfiguredError(f"SECURA_GEMINI_MODELS names what is not in models.json: {', '.join(unknown)}")
        return tuple(known[name] for name in wanted)


@cache
def table() -> Table:
    """The table of the file."""
    return Table.model_validate_json(_TABLE.read_bytes())
