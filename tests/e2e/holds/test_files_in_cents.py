"""A file whose prices are a hundred times the usual ones is held, and read in cents on request."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import yaml

Run = Callable[..., tuple[int, Any]]
CONTRACT = {
    "name": "north",
    "region": "North",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "columns": {"sale_id": "No", "date": "Day", "product_id": "Item", "quantity": "Qty", "unit_price": "Price"},
}
PRICES = {"A": "19.99", "B": "5.50", "C": "129.00", "D": "2.25"}


def contract(home: Path, **columns: str) -> None:
    """Write the contract; columns: other headers, empty for a column that is not mapped."""
    (home / "contracts").mkdir(parents=True)
    mapped = {name: header for name, header in (CONTRACT["columns"] | columns).items() if header}  # type: ignore[operator]
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(CONTRACT | {"columns": mapped}))


def write(path: Path, day: str, first: int, factor: int = 1, price: str = "") -> str:
    draw = Random(first)
    lines = ["No,Day,Item,Qty,Price"]
    for number in range(first, first + 40):
        item = draw.choice(sorted(PRICES))
        amount = price or f"{Decimal(PRICES[item]) * factor:f}".removesuffix(".00")
        lines.append(f"{number},{day},{item},{draw.randint(1, 3)},{amount}")
    path.write_text("\n".join([*lines, ""]))
    return str(path)


def ingest(run: Run, path: str) -> dict[str, Any]:
    return dict(run("ingest", path, "--region", "north")[1])


def test_prices_of_a_hundred_times_the_usual_are_held_and_divided_on_request(
    run: Run, tmp_path: Path, home: Path
) -> None:
    contract(home)
    assert ingest(run, write(tmp_path / "one.csv", "2026-03-01", 1))["status"] == "settled"
    revenue = run("query", "kpis")[1]["rows"][0]["revenue"]
    receipt = ingest(run, write(tmp_path / "two.csv", "2026-03-02", 1001, factor=100))
    assert [one["code"] for one in receipt["holds"]] == ["minor-units"]
    assert (
        "for 4 of 4 products with a history they are about 100 times the usual price" in receipt["holds"][0]["message"]
    )
    assert run("accept", receipt["batch_id"])[1]["status"] == "settled"
    doubled = run("query", "kpis")[1]["rows"][0]["revenue"]
    assert Decimal(doubled) < 3 * Decimal(revenue)


def test_whole_prices_near_the_usual_ones_are_not_held(run: Run, tmp_path: Path, home: Path) -> None:
    contract(home)
    assert ingest(run, write(tmp_path / "one.csv", "2026-03-01", 1))["status"] == "settled"
    assert ingest(run, write(tmp_path / "two.csv", "2026-03-02", 1001, price="150"))["status"] == "settled"


def test_the_first_file_of_a_new_contract_is_held_if_its_prices_look_like_cents(
    run: Run, tmp_path: Path, home: Path
) -> None:
    contract(home)
    receipt = ingest(run, write(tmp_path / "one.csv", "2026-03-01", 1, factor=100))
    assert [one["code"] for one in receipt["holds"]] == ["minor-units"]
    assert "All 40 prices are whole numbers of at least 100" in receipt["holds"][0]["message"]
    assert run("accept", receipt["batch_id"])[1]["status"] == "settled"
    assert ingest(run, write(tmp_path / "two.csv", "2026-03-02", 1001, factor=100))["status"] == "settled"


def test_usual_prices_follow_from_totals_and_quantities(run: Run, tmp_path: Path, home: Path) -> None:
    contract(home, unit_price="", net_amount="Total")
    for name, factor in (("one", 1), ("two", 100)):
        lines = ["No,Day,Item,Qty,Total"]
        for number in range(40):
            item, units = sorted(PRICES)[number % 4], number % 3 + 1
            total = f"{Decimal(PRICES[item]) * units * factor:f}".removesuffix(".00")
            lines.append(f"{name}{number},2026-03-{factor % 28 + 1:02},{item},{units},{total}")
        (tmp_path / f"{name}.csv").write_text("\n".join([*lines, ""]))
    assert ingest(run, str(tmp_path / "one.csv"))["status"] == "settled"
    receipt = ingest(run, str(tmp_path / "two.csv"))
    assert [one["code"] for one in receipt["holds"]] == ["minor-units"]
    assert "for 4 of 4 products with a history" in receipt["holds"][0]["message"]
