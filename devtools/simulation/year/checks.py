"""What must hold after each day, week and month: the figures, lines, receipts and stock are those of the books."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa

from devtools.simulation.checks import OUTCOMES
from devtools.simulation.entries import Difference
from devtools.simulation.year.process import Process
from devtools.simulation.year.sales import Rows, day_of, sale_numbers, texts
from devtools.simulation.year.world import Place, World
from tillstream.model.document_json import JsonObject

GROUPS = ("region", "store", "product")


def check_days(process: Process, world: World) -> int:
    """Lines, units and revenue by store and product of every day that was touched since the last check.

    Returns the number of lines of these days.
    """
    count = 0
    for day in sorted({day for _, day in world.touched}):
        places = [(region, day) for region in range(world.company.regions)]
        expected = _figures(world, places)
        at = day_of(day).isoformat()
        names = ("lines", "units", "revenue")
        table = process.frame("measures", *names, by=GROUPS, days=(day_of(day), day_of(day)))
        shown = {
            (row["region"], row["store"], row["product"]): (row["lines"], int(row["units"]), row["revenue"])
            for row in table.to_pylist()
        }
        if shown != expected:
            wrong = min(key for key in shown.keys() | expected.keys() if shown.get(key) != expected.get(key))
            raise Difference("figures", f"{at} {wrong}: product {shown.get(wrong)}, books {expected.get(wrong)}")
        count += sum(lines for lines, _, _ in expected.values())
    world.touched.clear()
    return count


def _figures(world: World, places: list[Place]) -> dict[tuple[str, str, str], tuple[int, int, Decimal]]:
    figures = {}
    for place in places:
        rows = world.lines(place)
        name = world.company.region(place[0]).name
        codes = rows["store"].astype(np.int64) * 1000 + rows["product"]
        distinct, index = np.unique(codes, return_inverse=True)
        lines = np.bincount(index, minlength=len(distinct))
        units = np.bincount(index, rows["quantity"], len(distinct)).astype(np.int64)
        cents = np.bincount(index, rows["quantity"].astype(np.int64) * rows["cents"], len(distinct)).astype(np.int64)
        for code, *sums in zip(distinct.tolist(), lines.tolist(), units.tolist(), cents.tolist(), strict=True):
            store, product = divmod(code, 1000)
            figures[name, f"S{store}", f"P{product}"] = (sums[0], sums[1], Decimal(sums[2]) / 100)
    return figures


def check_lines(process: Process, world: World, first: int, last: int) -> None:
    """Each line of some days, by its sale and number."""
    days = day_of(first), day_of(last)
    names = ["region", "store_id", "sale_id", "line_key", "product_id", "quantity"]
    shown = process.frame("sales", days=days).select(names)
    expected = pa.concat_tables(
        [_table(world, (region, day)) for day in range(first, last + 1) for region in range(world.company.regions)]
    )
    order = [(name, "ascending") for name in expected.column_names]
    shown = shown.cast(expected.schema).sort_by(order)
    if not shown.equals(expected.sort_by(order)):
        raise Difference(
            "lines", f"lines of {days[0]} to {days[1]}: product {shown.num_rows}, books {expected.num_rows}"
        )


def _table(world: World, place: Place) -> pa.Table:
    rows: Rows = world.lines(place)
    stores = texts("S", rows["store"])
    sales = pa.compute.binary_join_element_wise(stores, sale_numbers(rows, place[1]), "/")
    return pa.table(
        {
            "region": pa.array([world.company.region(place[0]).name] * len(rows), pa.string()),
            "store_id": stores,
            "sale_id": sales,
            "line_key": pa.array(rows["line"]).cast(pa.string()),
            "product_id": texts("P", rows["product"]),
            "quantity": pa.array(rows["quantity"].astype(np.int64)),
        }
    )


def check_receipts(process: Process, world: World) -> int:
    """Every receipt balances; those of files have the outcomes of the books. Returns their number.

    Rows that tills sent too can be new or duplicates.
    """
    table = process.frame("query", "receipts", limit=100_000)
    uploads: dict[str, JsonObject] = {}
    for row in table.to_pylist():
        outcomes = Counter({each: row[f"rows_{each}"] for each in OUTCOMES})
        if row["rows_read"] != outcomes.total():
            raise Difference("balance of receipts", f"the receipt of {row['batch_id']} does not balance: {row}")
        if row["kind"] == "upload":
            uploads[row["batch_id"]] = outcomes
    if uploads.keys() != world.outcomes.keys():
        raise Difference("batches", f"uploads in the ledger: {uploads.keys() ^ world.outcomes.keys()}")
    for batch, shown in uploads.items():
        expected = world.outcomes[batch].copy()
        either = expected.pop("either", 0)
        moved = shown["new"] - expected["new"]
        expected.update(new=moved, duplicate=-moved)
        if abs(moved) > either or shown != expected:
            raise Difference("receipts", f"receipt of {world.batches[batch]}: product {shown}, books {expected}")
    return len(table)


def check_stock(process: Process, world: World) -> int:
    """Units on hand of every counted product in a store. Returns their number."""
    sold = {day: world.sold(day) for day in {day for day, _ in world.goods.counts.values()}}
    expected = {}
    for (store, product), (day, units) in world.goods.counts.items():
        on_hand = units + world.goods.received_since(store, product, day) - int(sold[day][store, product])
        expected[f"S{store}", f"P{product}"] = on_hand
    rows = process.until_done("stock", limit=1_000_000)["rows"]  # computes levels that are out of date
    shown = {
        (row["store_id"], row["product"]): int(Decimal(row["on_hand"])) for row in rows if row["on_hand"] is not None
    }
    if shown != expected:
        wrong = min(key for key in shown.keys() | expected.keys() if shown.get(key) != expected.get(key))
        raise Difference("stock", f"stock of {wrong}: product {shown.get(wrong)}, books {expected.get(wrong)}")
    return len(expected)


def check_costs(process: Process, world: World, first: int, last: int) -> None:
    """The cost of what was sold on some days, by product."""
    expected: Counter[str] = Counter()
    for day in range(first, last + 1):
        units = world.sold(day, day).sum(axis=0)
        expected.update({f"P{n}": int(units[n] * cents) for n, cents in enumerate(world.goods.cost(day)) if units[n]})
    table = process.frame("measures", "cost", by=("product",), days=(day_of(first), day_of(last)))
    shown = {row["product"]: row["cost"] for row in table.to_pylist()}
    costs = {product: Decimal(cents) / 100 for product, cents in expected.items()}
    if shown != costs:
        wrong = min(key for key in shown.keys() | costs.keys() if shown.get(key) != costs.get(key))
        text = f"cost of {wrong} from {day_of(first)} to {day_of(last)}"
        raise Difference("costs", f"{text}: product {shown.get(wrong)}, books {costs.get(wrong)}")


def check_rebuild(process: Process) -> None:
    """A warehouse that is computed again from the ledger is the same."""
    report = process.until_done("rebuild")
    if report["differences"]:
        raise Difference("rebuild", f"the rebuilt warehouse differs: {report['differences']}")
