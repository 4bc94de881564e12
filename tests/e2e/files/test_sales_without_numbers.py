"""Sources that do not number their sales: the same file again is all duplicates, in any order of its lines."""

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.settings import Settings

WEEKLY: dict[str, Any] = {
    "name": "weekly",
    "region": "Weekly",
    "currency": "USD",
    "dates": {"formats": ["%d-%m-%Y"]},
    "columns": {"date": "Date", "store_id": "Store", "net_amount": "Weekly_Sales"},
    "identity": {"made_of": ["Store", "Date"]},
}
SLIPS: dict[str, Any] = {
    "name": "slips",
    "region": "Slips",
    "currency": "EUR",
    "columns": {"date": "Day", "product_name": "Product", "net_amount": "Amount"},
    "identity": {"by_content": True, "store": "MAIN"},
}
SLIP_LINES = [
    "2026-03-01,Mug,5.00",
    "2026-03-01,Mug,5.00",
    "2026-03-01,Mug,5",
    "2026-03-02,Mug,5.00",
    "2026-03-01,Tray,7.50",
    "2026-03-01,Tray,7.5",
]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    built = build(Settings(home=tmp_path, threads=1))
    yield built
    built.close()


def taken(app: App, contract: Contract, lines: list[str]) -> dict[str, int]:
    """What the rows of a file did."""
    documents = app.ports.documents
    if documents.get("contracts", f"{contract.name}@1") is None:
        documents.put("contracts", f"{contract.name}@1", contract.model_dump(mode="json"))
    data = "\n".join(lines).encode()
    upload = inbox.receive_file(app.ports, contract, "file.csv", io.BytesIO(data), "clerk")
    stage.stage(app.ports, upload.batch_id)
    settle.settle_all(app.ports, app.contracts)
    rows: dict[str, int] = receipts.batch_receipt(app.ports, upload.batch_id)["rows"]
    return {name: count for name, count in rows.items() if count}


def current(app: App, region: str) -> list[dict[str, Any]]:
    query = "SELECT * FROM current_lines WHERE region = @region ORDER BY sale_id, line_key"
    return app.ports.warehouse.query(query, {"region": region}).to_pylist()


def shuffled(lines: list[str], seed: int) -> list[str]:
    body = lines[1:]
    Random(seed).shuffle(body)
    return [lines[0], *body]


def test_rows_with_ids_by_content_count_once_in_any_order(app: App) -> None:
    contract, lines = parse_contract(SLIPS), ["Day,Product,Amount", *SLIP_LINES]
    assert taken(app, contract, lines) == {"read": 6, "new": 6}
    first = current(app, "Slips")
    assert sorted((row["product_name"], row["line_key"]) for row in first) == [
        *(("Mug", f"Mug#{number}") for number in (1, 1, 2, 3)),
        *(("Tray", f"Tray#{number}") for number in (1, 2)),
    ]
    assert taken(app, contract, lines) == {"read": 6, "duplicate": 6}
    assert taken(app, contract, shuffled(lines, 1)) == {"read": 6, "duplicate": 6}
    assert taken(app, contract, lines[:3]) == {"read": 2, "duplicate": 2}
    assert [(row["sale_id"], row["line_key"]) for row in current(app, "Slips")] == [
        (row["sale_id"], row["line_key"]) for row in first
    ]


def test_a_source_of_complete_days_is_not_held_for_them(app: App) -> None:
    contract = parse_contract(SLIPS | {"replaces": "store-day"})
    lines = ["Day,Product,Amount", *SLIP_LINES]
    assert taken(app, contract, lines) == {"read": 6, "new": 6}
    assert taken(app, contract, [*lines[:-1], "2026-03-01,Tray,7.60"]) == {"read": 6, "new": 1, "duplicate": 5}
    totals = [row["net_amount"] for row in current(app, "Slips")]
    assert sorted(totals) == sorted(map(Decimal, ["5", "5", "5", "5", "7.5", "7.6"]))


def test_a_store_and_a_day_name_a_sale_and_a_later_figure_corrects_it(app: App) -> None:
    contract = parse_contract(WEEKLY)
    lines = ["Store,Date,Weekly_Sales", "1,05-02-2010,1643690.9", "1,12-02-2010,1641957.44", "2,05-02-2010,2136989.46"]
    assert taken(app, contract, lines) == {"read": 3, "new": 3}
    assert taken(app, contract, shuffled(lines, 2)) == {"read": 3, "duplicate": 3}
    assert [row["sale_id"] for row in current(app, "Weekly")] == ["1/2010-02-05", "1/2010-02-12", "2/2010-02-05"]
    changed = [*lines[:3], "2,05-02-2010,2136989.47"]
    assert taken(app, contract, changed) == {"read": 3, "corrected": 1, "duplicate": 2}


@pytest.mark.shared
def test_the_weekly_figures_of_45_stores_are_read_to_the_cent(app: App, shared_data: Path) -> None:
    lines = (shared_data / "weekly/walmart-45-stores.csv").read_text("utf-8").splitlines()
    assert taken(app, parse_contract(WEEKLY), lines) == {"read": 6435, "new": 6435}
    assert sum(row["net_amount"] for row in current(app, "Weekly")) == Decimal("6737218987.11")
    assert taken(app, parse_contract(WEEKLY), shuffled(lines, 3)) == {"read": 6435, "duplicate": 6435}


@pytest.mark.shared
def test_the_daily_takings_of_the_bakery_are_read_to_the_cent(app: App, shared_data: Path) -> None:
    contract = parse_contract(
        {
            "name": "bakery",
            "region": "Bakery",
            "currency": "EUR",
            "file": {"delimiter": ";"},
            "columns": {"date": "Datum", "product_id": "Warengruppe", "category": "Kategorie", "net_amount": "Umsatz"},
            "identity": {"made_of": ["Datum"], "store": "Kiel", "whole_numbers": ["product_id"]},
        }
    )
    lines = (shared_data / "daily/bakery-de-umsatz.csv").read_text("utf-8-sig").splitlines()
    assert taken(app, contract, lines) == {"read": 9334, "new": 9334}
    rows = current(app, "Bakery")
    assert round(sum(row["net_amount"] for row in rows), 2) == Decimal("1929795.58")
    assert {row["product_id"] for row in rows} == {"1", "2", "3", "4", "5", "6"}
    assert taken(app, contract, shuffled(lines, 4)) == {"read": 9334, "duplicate": 9334}
