"""`tillstream restock`: the simulation of order policies, as text and as JSON."""

from pathlib import Path
from typing import Any

import pytest
from shop_of_two_stores import content


@pytest.fixture
def loaded(run: Any, tmp_path: Path, once: Any) -> None:
    def load() -> None:
        file = tmp_path / "UK.csv"
        file.write_bytes(content())
        assert run("ingest", str(file), "--region", "UK")[0] == 0

    once(load)


@pytest.mark.usefixtures("loaded")
def test_policies_are_compared_at_the_fill_rate_of_a_service_level(run: Any, run_text: Any) -> None:
    code, data = run("restock", "simulate", "--service", "0.9", "--lead-time", "4", "--review", "2", "--store", "LDS1")
    assert code == 0
    assert (data["lines"], data["lead_days"], data["review_days"], data["currency"]) == (3, 4, 2, "USD")
    assert {each["policy"] for each in data["policies"]} == {each["policy"] for each in data["curves"]}
    assert all(each["fill"] == data["fill"] for each in data["policies"])
    code, text = run_text("restock", "simulate", "--service", "0.9", "--lead-time", "4", "--review", "2")
    assert code == 0
    assert "An order takes 4 open days, and is placed every 2." in text
    assert "A service level of 90.0% reaches it." in text
    assert "quantile of recent sales" in text


@pytest.mark.usefixtures("loaded")
def test_a_fill_rate_that_a_policy_does_not_reach_is_named(run: Any, run_text: Any) -> None:
    code, data = run("restock", "simulate", "--fill", "0.01")
    assert (code, data["policies"], data["service"]) == (0, [], None)
    assert (
        "Does not reach this fill rate: quantile of recent sales"
        in run_text("restock", "simulate", "--fill", "0.01")[1]
    )


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--store", "none"), "There are no sales of products before today in these stores."),
        (("--lead-time", "30"), "There are sales of 152 days: too few for a lead time of 30 days."),
    ],
)
def test_what_cannot_be_simulated_gives_the_reason(run: Any, options: tuple[str, ...], message: str) -> None:
    assert run("restock", "simulate", *options) == (1, {"error": message})


def test_a_home_without_sales_has_nothing_to_simulate(run: Any) -> None:
    code, data = run("restock", "simulate")
    assert (code, data["error"]) == (1, "There are no sales of products before today in these stores.")
