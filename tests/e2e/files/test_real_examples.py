"""The public files that have example contracts come out with the published counts and totals, to the digit."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Run

pytestmark = pytest.mark.shared


def taken(run: Run, file: Path, contract: str) -> dict[str, Any]:
    """The receipt of a file of which every row is new, and again all known."""
    code, receipt = run("ingest", str(file), "--region", contract)
    assert (code, receipt["rows"]["new"]) == (0, receipt["rows"]["read"]), receipt
    _, again = run("ingest", str(file), "--region", contract)
    assert again["rows"]["duplicate"] == receipt["rows"]["read"]
    return receipt


def kpis(run: Run) -> dict[str, Any]:
    row: dict[str, Any] = run("query", "kpis")[1]["rows"][0]
    return row


def test_superstore_with_its_profit_from_extra(run: Run, shared_data: Path) -> None:
    file = shared_data / "superstore-eu" / "superstore-semicolon-decimal-comma.csv"
    receipt = taken(run, file, "superstore-eu")
    assert receipt["rows"]["read"] == 9994
    assert receipt["amounts"] == [{"currency": "USD", "net": "2297200.8603", "gross": None}]
    assert receipt["problems"] == []
    numbers = kpis(run)
    assert (numbers["orders"], numbers["customers"], numbers["units"]) == (5009, 793, "37873")
    assert (numbers["revenue"], numbers["first_sale_date"]) == ("2297200.8603", "2018-01-03")
    lines = run("query", "sale-lines", "--param", "limit=10000")[1]["rows"]
    profits = [Decimal(json.loads(line["extra"])["Profit"].replace(",", ".")) for line in lines]
    assert (len(profits), sum(profits)) == (9994, Decimal("286397.0217"))


def test_supermarket_with_gross_totals_and_a_time_column(run: Run, shared_data: Path) -> None:
    receipt = taken(run, shared_data / "supermarket" / "supermarket_sales.csv", "supermarket")
    assert receipt["rows"]["read"] == 1000
    assert receipt["amounts"] == [{"currency": "USD", "net": "307587.38", "gross": "322966.749"}]
    assert receipt["problems"] == []
    line = run("query", "sale-lines", "--param", "limit=1")[1]["rows"][0]
    assert line["sold_at"] is not None


def test_japanese_headers_in_their_own_encoding(run: Run, shared_data: Path) -> None:
    receipt = taken(run, shared_data / "japan" / "uriage_cp932.csv", "japan")
    assert (receipt["rows"]["read"], receipt["problems"]) == (5, [])
    assert receipt["amounts"] == [{"currency": "JPY", "net": "539700", "gross": None}]


def test_weeks_of_45_stores(run: Run, shared_data: Path) -> None:
    receipt = taken(run, shared_data / "weekly" / "walmart-45-stores.csv", "walmart-weekly")
    assert (receipt["rows"]["read"], receipt["problems"]) == (6435, [])
    assert receipt["amounts"] == [{"currency": "USD", "net": "6737218987.11", "gross": None}]
    assert (kpis(run)["first_sale_date"], kpis(run)["last_sale_date"]) == ("2010-02-05", "2012-10-26")


def test_daily_totals_of_a_bakery_are_rounded_to_nine_decimals_with_a_warning(run: Run, shared_data: Path) -> None:
    receipt = taken(run, shared_data / "daily" / "bakery-de-umsatz.csv", "bakery-de")
    assert receipt["rows"]["read"] == 9334
    assert {problem["code"]: problem["count"] for problem in receipt["problems"]} == {"rounded": 9328}
    assert round(Decimal(receipt["amounts"][0]["net"]), 2) == Decimal("1929795.58")
