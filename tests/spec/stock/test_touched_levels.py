"""Stock levels of what was touched: the lines that they are computed from, and the rows that are written."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge

from devtools.billing.queries import script_statements
from devtools.billing.samples import TODAY as BILLED_DAY
from devtools.billing.traffic import Ledger, Traffic
from sql.stock_levels import with_relations
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.analytics import computed_stock
from tillstream.analytics.computed_stock import LEVELS_SCHEMA
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.stock import stored_levels as touched_levels
from tillstream.stock.stored_levels import TouchedStock

TODAY = date(2024, 6, 30)
READ = {"current_lines", "catalogue_codes", "line_facts", "current_movements"}
PAIRS = [("S1", "counted long ago"), ("S1", "counted lately"), ("S2", "not counted")]
SETTLED = TouchedStock(0, 2, (TODAY,), ())


def day(before: int) -> date:
    return TODAY - timedelta(days=before)


def line(number: int, store: str, product: str, before: int, **values: Any) -> dict[str, Any]:
    return (
        {"region": "IN", "store_id": store, "product_id": product, "sale_id": f"{product} {before}", "line_key": "1"}
        | {"key": number, "content": number, "sale": number, "is_current": True, "leads": 1, "settlement_no": 1}
        | {"status": "completed", "quantity": Decimal(1), "net_amount": Decimal(1), "currency": "USD"}
        | {"sale_date": day(before), "product_name": f"{product} {before:03}"}
        | values
    )


def movement(kind: str, store: str, product: str, before: int, units: int) -> dict[str, Any]:
    return (
        {"region": "IN", "store_id": store, "product_id": product, "movement_id": f"{kind} {product}", "line_no": 1}
        | {"kind": kind, "quantity": Decimal(units), "stock_date": day(before), "day_part": "after closing"}
        | {"recorded_seq": 1}
    )


LINES = [
    line(number, *pair, before)
    for number, (pair, before) in enumerate((pair, before) for pair in PAIRS for before in (0, 55, 56, 70, 104, 105))
]
"""The levels are computed from those of the recent 56 days, and from those since four days before a count."""
MOVEMENTS = [
    movement("count", "S1", "counted long ago", 100, 10),
    movement("count", "S1", "counted lately", 60, 10),
    movement("receipt", "S2", "only moved", 1, 4),
]


def content(stored: Sequence[dict[str, Any]] = ()) -> dict[str, list[tuple[Any, ...]]]:
    settlements = [{"settlement_no": number, "only_adds": True} for number in (1, 2)]
    tables = {"sale_versions": LINES, "stock_movements": MOVEMENTS, "settlements": settlements, "stock_levels": stored}
    return {name: [tuple(row.get(one.name) for one in TABLES[name]) for row in rows] for name, rows in tables.items()}


def query(duck: Any, touched: TouchedStock) -> tuple[str, dict[str, Any]]:
    return touched_levels.query_of_touched(TODAY, touched, touched_levels.touched_pairs(duck, TODAY, touched))


def changed(duck: Any, touched: TouchedStock) -> list[dict[str, Any]]:
    rows = touched_levels.levels_of_touched(
        duck, TODAY, touched, touched_levels.touched_pairs(duck, TODAY, touched)
    ).to_pylist()
    return sorted(rows, key=lambda row: (row["store_id"], row["product"]))


@pytest.fixture(params=[0, 4])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether few of the stores have counts, so that the lines of products that were never counted are summed."""
    monkeypatch.setattr(touched_levels, "FEW_PAIRS", request.param)
    return request.param == 0


def test_an_old_count_reads_older_lines_of_its_own_product_only(duck: Duck, few: bool) -> None:
    duck.fill(content())
    warehouse: Any = duck
    pairs = touched_levels.touched_pairs(warehouse, TODAY, SETTLED)
    relations, params = touched_levels.facts_of_touched(TODAY, SETTLED, pairs)
    lines = duck.query(with_relations(relations, "SELECT * FROM visible_stock_lines", ()), params).to_pylist()
    sums = [line for line in lines if line["sale_id"] is None]
    assert [(line["product"], line["units"]) for line in sums] == ([("not counted", Decimal(2))] if few else [])
    read = [line["sale_id"] for line in lines if line["sale_id"]]
    expected = {
        "counted long ago": (0, 55, 56, 70, 104),
        "counted lately": (0, 55, 56),
        "not counted": () if few else (0, 55),
    }
    assert sorted(read) == sorted(f"{product} {before}" for product, days in expected.items() for before in days)


@pytest.mark.usefixtures("few")
def test_the_levels_are_those_that_are_computed_from_all_lines(duck: Duck) -> None:
    duck.fill(content())
    warehouse: Any = duck
    rows = changed(warehouse, SETTLED)
    every = {row["product"]: row for row in computed_stock.compute_levels(warehouse, TODAY).to_pylist()}
    names = [name for name in LEVELS_SCHEMA.names if name != "product_name"]
    assert [[row[name] for name in names] for row in rows] == [
        [every[row["product"]][name] for name in names] for row in rows
    ]
    assert {row["product"]: row["on_hand"] for row in rows} == {
        "counted long ago": Decimal(6),
        "counted lately": Decimal(7),
        "not counted": None,
    }


@pytest.mark.parametrize("touched", [SETTLED, TouchedStock(1, 2, (), ("receipt only moved",), (day(55),))])
def test_levels_that_are_stored_already_are_not_written_again(duck: Duck, touched: TouchedStock) -> None:
    duck.fill(content())
    rows = changed(duck, touched)
    assert rows
    duck.fill(content(rows))
    assert changed(duck, touched) == []
    rows[0]["recent_units"] += 1
    duck.fill(content(rows))
    assert [row["product"] for row in changed(duck, touched)] == [rows[0]["product"]]


def kept(duck: Duck, level: dict[str, Any], touched: TouchedStock, *more: dict[str, Any]) -> Any:
    """What is kept of the product that was counted long ago, with a stored level and more lines or movements."""
    tables = content([level])
    for row in more:
        name = "stock_movements" if "kind" in row else "sale_versions"
        tables[name].append(tuple(row.get(one.name) for one in TABLES[name]))
    duck.fill(tables)
    warehouse: Any = duck
    pairs = touched_levels.touched_pairs(warehouse, TODAY, touched).to_pylist()
    (pair,) = (pair for pair in pairs if pair["product"] == "counted long ago")
    return pair["kept_sold"], pair["kept_until"]


@pytest.fixture
def old_level(duck: Duck) -> dict[str, Any]:
    duck.fill(content())
    (level,) = (row for row in changed(duck, SETTLED) if row["product"] == "counted long ago")
    assert (level["early_sold"], level["recent_from"]) == (Decimal(2), day(55))
    return level


def test_units_that_are_kept_are_read_in_place_of_lines(duck: Duck, old_level: dict[str, Any]) -> None:
    duck.fill(content([old_level | {"early_sold": Decimal(20)}]))
    warehouse: Any = duck
    pairs = touched_levels.touched_pairs(warehouse, TODAY, SETTLED)
    relations, params = touched_levels.facts_of_touched(TODAY, SETTLED, pairs)
    lines = duck.query(with_relations(relations, "SELECT * FROM visible_stock_lines", ()), params).to_pylist()
    read = [(line["sale_id"], line["units"]) for line in lines if line["product"] == "counted long ago"]
    assert sorted(read, key=repr) == [("counted long ago 0", 1), ("counted long ago 55", 1), (None, 20)]
    (level,) = (row for row in changed(duck, SETTLED) if row["product"] == "counted long ago")
    assert (level["sold"], level["on_hand"], level["early_sold"]) == (22, -12, 20)


def test_days_that_were_recent_when_the_level_was_stored_are_read(duck: Duck, old_level: dict[str, Any]) -> None:
    duck.fill(content([old_level | {"early_sold": Decimal(20), "recent_from": day(60)}]))
    (level,) = (row for row in changed(duck, SETTLED) if row["product"] == "counted long ago")
    assert (level["sold"], level["early_sold"], level["recent_from"]) == (23, 21, day(55))


@pytest.mark.parametrize(("before", "expected"), [(56, None), (55, Decimal(2))])
def test_a_settlement_that_changes_earlier_days_has_them_read_again(
    duck: Duck, old_level: dict[str, Any], before: int, expected: Decimal | None
) -> None:
    lines = [
        line(n, "S1", "counted long ago", days, line_key="2", settlement_no=2) for n, days in ((98, before), (99, 0))
    ]
    assert kept(duck, old_level, TouchedStock(1, 2, (TODAY, day(before)), ()), *lines)[0] == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("count", None), ("unsellable-return", None), ("receipt", Decimal(2)), ("write-off", Decimal(2))],
)
def test_movements_that_change_what_is_sold_have_all_days_read_again(
    duck: Duck, old_level: dict[str, Any], kind: str, expected: Decimal | None
) -> None:
    new = movement(kind, "S1", "counted long ago", 90, 3) | {"movement_id": "new"}
    assert kept(duck, old_level, TouchedStock(1, 2, (), ("new",)), new)[0] == expected


def test_nothing_is_kept_of_days_around_a_count_or_until_a_later_day(duck: Duck, old_level: dict[str, Any]) -> None:
    assert kept(duck, old_level, SETTLED) == (Decimal(2), day(55))
    assert kept(duck, old_level | {"recent_from": day(99)}, SETTLED) == (None, None)
    assert kept(duck, old_level | {"recent_from": day(98)}, SETTLED) == (Decimal(2), day(98))
    assert kept(duck, old_level | {"recent_from": day(54)}, SETTLED) == (None, None)
    assert kept(duck, old_level | {"early_sold": None}, SETTLED) == (None, None)


def test_a_name_that_no_recent_line_has_is_kept(duck: Duck) -> None:
    duck.fill(content())
    touched = TouchedStock(1, 2, (), ("receipt only moved",))
    (row,) = changed(duck, touched)
    assert (row["moved"], row["product_name"]) == (Decimal(4), None)
    duck.fill(content([row | {"product_name": "Robot", "moved": Decimal(3)}]))
    (row,) = changed(duck, touched)
    assert (row["moved"], row["product_name"]) == (Decimal(4), "Robot")


def test_the_name_of_undone_lines_is_not_kept(duck: Duck) -> None:
    tables = content()
    wrong = line(99, "S2", "only moved", 1, product_name="Robott", category="Toys")
    undone = wrong | {"is_current": False, "leads": 0}
    columns = [one.name for one in TABLES["sale_versions"]]
    tables["sale_versions"].append(tuple(undone.get(name) for name in columns))
    duck.fill(tables)
    warehouse: Any = duck
    settled, moved = TouchedStock(0, 2, (day(1),), ()), TouchedStock(1, 2, (), ("receipt only moved",))
    (level,) = changed(duck, moved)
    stored = level | {"product_name": "Robott", "category": "Toys"}
    tables["stock_levels"] = [tuple(stored.get(one.name) for one in TABLES["stock_levels"])]
    duck.fill(tables)
    assert changed(warehouse, moved) == [], "no line changed"
    (level,) = changed(warehouse, settled)
    assert (level["product"], level["product_name"], level["category"]) == ("only moved", None, None)


@pytest.mark.parametrize(("name", "expected"), [("Fee", None), ("counted long ago 000", Decimal(2))])
def test_nothing_is_kept_if_a_name_is_removed(
    duck: Duck, old_level: dict[str, Any], name: str, expected: Decimal | None
) -> None:
    tables = content([old_level])
    wrong = line(99, "S1", "counted long ago", 0, line_key="2", product_name=name, is_current=False, leads=0)
    right = line(98, "S1", "counted long ago", 0, line_key="3", settlement_no=2)
    columns = [one.name for one in TABLES["sale_versions"]]
    tables["sale_versions"] += [tuple(row.get(column) for column in columns) for row in (wrong, right)]
    tables["settlements"] = [(number, None, "", 0, 0, 0, False) for number in (1, 2)]
    tables["listed_changes"] = [(2, 99, "removed", 99, None), (2, 98, "added", None, 98)]
    duck.fill(tables)
    warehouse: Any = duck
    pairs = touched_levels.touched_pairs(warehouse, TODAY, TouchedStock(1, 2, (TODAY,), ())).to_pylist()
    assert [pair["kept_sold"] for pair in pairs] == [expected]


@pytest.mark.usefixtures("few")
def test_both_engines_have_the_same_levels(duck: Duck, judge: Judge) -> None:
    tables = content()
    duck.fill(tables)
    text, params = query(duck, SETTLED)
    columns, rows = judge.answer(text, params, judge.with_views(tables, READ))
    names = [name for name, _ in columns]
    expected = [tuple(exact(row[name]) for name in names) for row in changed(duck, SETTLED)]
    assert sorted((tuple(map(exact, row)) for row in rows), key=repr) == sorted(expected, key=repr)


def test_bigquery_bills_the_same_after_three_years_without_old_counts(duck: Duck) -> None:
    duck.fill(content())
    warehouse: Any = duck
    touched = TouchedStock(1, 2, (BILLED_DAY,), ())
    pairs = touched_levels.touched_pairs(warehouse, BILLED_DAY, touched)
    text = inline_parameters(*touched_levels.query_of_touched(BILLED_DAY, touched, pairs.slice(0, 0)))
    traffic = Traffic(1_000_000)
    quarter, years = (
        sum(statement.bytes(Ledger(traffic, days)) for statement in script_statements(text)) for days in (90, 3 * 365)
    )
    assert years < 1.1 * quarter
