"""The table of models: this fails in time to choose another one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from shared.adapters.gemini.models import Model, Price, table
from shared.adapters.gemini.unconfigured import UnconfiguredLanguageModel
from shared.domain.errors import NotConfiguredError
from shared.domain.taxonomy import Tlp
from shared.settings import Settings, SettingsError
from tests.gemini.conftest import prompt
from tests.gemini.server import says


def test_no_model_of_the_chain_retires_within_thirty_days():
    today = datetime.now(UTC).date()
    ending = [model.name for model in table().chain() if model.retired(today, timedelta(days=30))]
    assert ending == [], "choose other models in shared/adapters/gemini/models.json: see docs/gemini.md"


def test_the_chain_falls_back():
    assert table().default_chain[0] == "gemini-3.5-flash-lite"
    assert len(table().chain()) > 1


def test_every_model_is_priced_and_was_out_when_the_table_was_checked():
    for model in table().models:
        assert model.released <= table().checked < model.retires
        assert model.price(table().checked).start <= table().checked
        assert "Gemini 2.5" not in model.name


def test_the_price_is_that_of_the_day():
    prices = [
        {"from": "2026-01-01", "input_usd_per_million": "0.30", "output_usd_per_million": "2.50"},
        {"from": "2027-01-01", "input_usd_per_million": "0.60", "output_usd_per_million": "5"},
    ]
    model = Model.model_validate(
        {"name": "m", "released": "2026-01-01", "retires": "2027-06-01", "thinking": "LOW", "prices": prices}
    )
    assert model.price(date(2026, 12, 31)).output_usd_per_million == Decimal("2.50")
    assert model.price(date(2027, 1, 1)).output_usd_per_million == 5
    assert model.price(date(2020, 1, 1)).output_usd_per_million == Decimal("2.50")
    assert not model.retired(date(2027, 5, 1))
    assert model.retired(date(2027, 5, 1), timedelta(days=31))
    assert model.retired(date(2027, 6, 1))


def test_costs_are_exact_and_rounded_up():
    price = Price.model_validate(
        {"from": "2026-01-01", "input_usd_per_million": "0.3", "output_usd_per_million": "2.5"}
    )
    assert price.nano_usd(1_000_000, 1_000_000) == 2_800_000_000
    assert price.nano_usd(1, 0) == 300
    fine = Price.model_validate(
        {"from": "2026-01-01", "input_usd_per_million": "0.0001", "output_usd_per_million": "1"}
    )
    assert fine.nano_usd(1, 0) == 1


def test_an_unknown_model_is_not_configured():
    with pytest.raises(NotConfiguredError, match="gpt-9"):
        table().chain(["gpt-9"])


def test_retired_models_are_passed_over(world):
    world.server.will(says('{"summary": "x"}'))
    world.clock.wait_until(datetime(2027, 5, 8, tzinfo=UTC))
    names = ["gemini-3.1-flash-lite", "gemini-3.5-flash-lite"]
    assert world.make(names=names).generate(prompt()).model == "gemini-3.5-flash-lite"
    assert [one.model for one in world.server.received] == ["gemini-3.5-flash-lite"]


def test_nothing_set_is_nothing_configured():
    given = Settings.read({"GOOGLE_CLOUD_PROJECT": "demo"})
    assert given.gemini_location is None
    assert given.gemini_daily_budget is None
    assert given.gemini_models == ()
    assert given.gemini_max_tlp is Tlp.GREEN
    with pytest.raises(NotConfiguredError, match="SECURA_GEMINI_LOCATION"):
        UnconfiguredLanguageModel("set SECURA_GEMINI_LOCATION").generate(prompt())


def test_settings_are_read():
    given = Settings.read(
        {
            "GOOGLE_CLOUD_PROJECT": "demo",
            "SECURA_GEMINI_LOCATION": "europe-west1",
            "SECURA_GEMINI_MODELS": "gemini-3.5-flash, gemini-3.1-flash-lite",
            "SECURA_GEMINI_DAILY_BUDGET": "2.50",
            "SECURA_GEMINI_MAX_TLP": "AMBER",
        }
    )
    assert given.gemini_models == ("gemini-3.5-flash", "gemini-3.1-flash-lite")
    assert given.gemini_daily_budget == Decimal("2.5")
    assert given.gemini_max_tlp is Tlp.AMBER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURA_GEMINI_LOCATION", "evil.example/"),
        ("SECURA_GEMINI_LOCATION", "europe-west1@x"),
        ("SECURA_GEMINI_DAILY_BUDGET", "0"),
        ("SECURA_GEMINI_DAILY_BUDGET", "NaN"),
        ("SECURA_GEMINI_DAILY_BUDGET", "much"),
        ("SECURA_GEMINI_MAX_TLP", "RED"),
        ("SECURA_GEMINI_MAX_TLP", "AMBER+STRICT"),
    ],
)
def test_bad_settings_are_refused(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings.read({"GOOGLE_CLOUD_PROJECT": "demo", name: value})
