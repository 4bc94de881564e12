"""Files of stock movements: the order of columns and rows, their names, and files in parts change nothing."""

import csv
import io
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.app import App
from tillstream.settings import Settings
from tillstream.stock import movement_import, stored_levels, stored_movements
from tillstream.stock.movement_columns import MovementDefaults
from tillstream.stock.movement_import import MovementPlan, MovementReader, StockCodes
from tillstream.stock.movements import MAX_LINES, DayPart

TODAY = date(2026, 11, 26)
STORES = ("LDN1", "LDN2", "YRK1")
PRODUCTS = tuple(f"P{number}" for number in range(6))
CODES = StockCodes(
    {("UK", store): f"Shop {store}" for store in STORES},
    {("*", product): (product, f"Thing {product}") for product in PRODUCTS} | {("UK", "EAN0"): ("P0", "")},
)
READER = MovementReader(CODES, MovementDefaults(TODAY), lambda _region, _store: "Europe/London", TODAY)
HEADERS = {
    "region": ("region", "Market"),
    "store": ("store", "Store ID", "Branch"),
    "product": ("product", "SKU", "Barcode"),
    "quantity": ("quantity", "Qty", "On hand"),
    "date": ("date", "Stock date"),
    "time": ("time", "Counted at"),
    "type": ("type", "Movement"),
    "reason": ("reason",),
}
DAYS = st.integers(0, 20).map(lambda ago: (TODAY - timedelta(days=ago)).isoformat())
TIMES = st.sampled_from(("", "09:05", "23:59:58"))
COUNTS = st.fixed_dictionaries(
    {"product": st.sampled_from(PRODUCTS), "quantity": st.decimals(0, 500, places=2).map(str), "type": st.just("count")}
)
OTHERS = st.fixed_dictionaries(
    {
        "product": st.sampled_from((*PRODUCTS, "EAN0")),
        "quantity": st.integers(1, 50).map(str),
        "type": st.sampled_from(("receipt", "Goods in", "write-off", "Waste")),
    }
)


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows without problems; a product is counted at most once on a day of a store."""
    listed = []
    counted = set()
    for values in draw(st.lists(st.one_of(COUNTS, OTHERS), min_size=1, max_size=30)):
        row = {"region": "UK", "store": draw(st.sampled_from(STORES)), "date": draw(DAYS), "time": draw(TIMES)} | values
        key = (row["store"], row["date"], row["product"])
        if row["type"] == "count":
            if key in counted:
                continue
            counted.add(key)
        listed.append(row | {"reason": "damaged"})
    return listed


def file_of(listed: list[dict[str, str]], columns: list[str], names: dict[str, str], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([names[column] for column in columns])
    writer.writerows([[row[column] for column in columns] for row in listed])
    return out.getvalue().encode()


def plan_of(content: bytes) -> MovementPlan:
    return movement_import.plan_movements(READER.read(content), DayPart.AFTER_CLOSING)


def lines_of(*plans: MovementPlan) -> Counter[Any]:
    return Counter(
        (one.kind, one.store_id, one.stock_date, one.reason, line)
        for plan in plans
        for one in plan.movements
        for line in one.lines
    )


@given(rows(), st.randoms(use_true_random=False), st.sampled_from((",", ";", "\t")))
@settings(max_examples=examples(150))
def test_the_order_and_names_of_columns_and_the_order_of_rows_do_not_matter(
    listed: list[dict[str, str]], random: Any, delimiter: str
) -> None:
    plain = {name: name for name in HEADERS}
    whole = plan_of(file_of(listed, list(HEADERS), plain))
    assert (whole.good, whole.rows, list(whole.problems())) == (len(listed), len(listed), [])
    columns, shuffled = list(HEADERS), list(listed)
    random.shuffle(columns)
    random.shuffle(shuffled)
    names = {name: random.choice(choices) for name, choices in HEADERS.items()}
    other = plan_of(file_of(shuffled, columns, names, delimiter))
    assert other.movements == whole.movements


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=examples(150))
def test_files_in_parts_have_the_lines_of_the_whole(listed: list[dict[str, str]], random: Any) -> None:
    plain = {name: name for name in HEADERS}
    parts: list[list[dict[str, str]]] = [[], [], []]
    for row in listed:
        random.choice(parts).append(row)
    whole = plan_of(file_of(listed, list(HEADERS), plain))
    assert lines_of(*(plan_of(file_of(part, list(HEADERS), plain)) for part in parts)) == lines_of(whole)


@pytest.fixture
def app(tmp_path: Path) -> Any:
    built = build(Settings(home=tmp_path / "home", project="", samples=False, threads=1))
    yield built
    built.close()


def test_parts_and_repeated_files_give_the_same_stock(app: App) -> None:
    day = "2026-11-20"
    listed = [
        {"region": "UK", "store": store, "product": product, "quantity": str(number), "date": day, "time": "09:00"}
        | {"type": kind, "reason": ""}
        for kind in ("count", "receipt")
        for store in STORES
        for number, product in enumerate(PRODUCTS)
        if kind == "count" or number
    ]
    listed = [row | {"time": "10:00"} if row["type"] == "receipt" else row for row in listed]
    plain = {name: name for name in HEADERS}
    for part in (listed[::2], listed[1::2], listed[::2]):
        plan = plan_of(file_of(part, list(HEADERS), plain))
        before = movement_import.count_recorded(app.ports, plan.movements)
        new = movement_import.record_imported(app.ports, plan.movements, by="asha")
        assert before + new == len(plan.movements)
    assert new == 0
    stored_levels.refresh_levels(app.ports)
    stored = app.ports.warehouse.query("SELECT store_id, product, on_hand FROM stock_levels").to_pylist()
    expected = {(store, product, 2 * number) for store in STORES for number, product in enumerate(PRODUCTS)}
    assert {(row["store_id"], row["product"], row["on_hand"]) for row in stored} == expected


def test_a_file_whose_movements_were_cancelled_can_be_imported_again(app: App) -> None:
    plan = plan_of(b"store,product,qty\nLDN1,P1,5\n")
    for movement_id in (plan.movements[0].movement_id, f"{plan.movements[0].movement_id}-2"):
        assert movement_import.record_imported(app.ports, plan.movements, by="asha") == 1
        assert movement_import.record_imported(app.ports, plan.movements, by="asha") == 0
        assert stored_movements.cancel_movement(app.ports, movement_id, by="asha")
    assert len(stored_movements.all_movements(app.ports)) == 4


def test_a_large_count_is_split_into_movements_of_the_permitted_length() -> None:
    products = {("*", f"Q{number}"): (f"Q{number}", "") for number in range(MAX_LINES + 1)}
    reader = MovementReader(StockCodes(CODES.stores, products), READER.defaults, READER.zone_of, TODAY)
    content = "store,sku,qty\n" + "".join(f"LDN1,{code},1\n" for _, code in products)
    plan = movement_import.plan_movements(reader.read(content.encode()), DayPart.AFTER_CLOSING)
    assert sorted(len(one.lines) for one in plan.movements) == [1, MAX_LINES]
    assert len({one.movement_id for one in plan.movements}) == 2
