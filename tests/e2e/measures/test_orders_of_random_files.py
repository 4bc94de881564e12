"""Orders by category, product and customer of random files equal an independent calculation with pandas, whether the
daily totals include the files or not."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from examples import in_long_proofs
from tests.e2e.conftest import Run
from tillstream.analytics import measure_values
from tillstream.analytics.filters import Filters
from tillstream.app import App, build
from tillstream.model.people import UNRESTRICTED
from tillstream.settings import Settings

pytestmark = pytest.mark.system
CONTRACT = """
name: shop
region: Shop
currency: EUR
identity: {ids: per-store}
columns:
  sale_id: number
  line_key: line
  date: day
  store_id: store
  product_id: product
  category: category
  customer_id: customer
  status: status
  quantity: quantity
  unit_price: price
  unit_cost: cost
status:
  words: {done: completed, off: cancelled, back: returned}
"""
FIRST = date(2026, 1, 5)
PRODUCTS, CATEGORIES = ("4006381333931", "P1", "P2", "P3", ""), ("Tea", "Pots", "")
SAME = {"4006381333931": "P1"}
"""A barcode of the catalogue → its product."""
BY = (
    ("category",), ("product",), ("customer",), ("category", "store"), ("category", "day"), ("product", "status"),
    ("customer", "store"), ("product", "category"), ("product", "store"), ("store",),
)  # fmt: skip
FILTERS = (
    {}, {"category": ("Tea",)}, {"category": ("Tea", "Pots")}, {"product": ("P1", "P2")}, {"store": ("S1",)},
    {"status": ("completed",)}, {"start": FIRST + timedelta(days=1)},
)  # fmt: skip


@dataclass
class Sales:
    """Sales in files, of which the last one that is not undone counts for each line."""

    draw: random.Random
    files: list[tuple[str, pd.DataFrame]] = field(default_factory=list)

    def next(self) -> pd.DataFrame:
        """Lines of new sales, further lines of earlier ones, and lines with other contents, in any order."""
        sales = self.draw.sample(range(1, 25), 10)
        rows = [row for sale in sales for row in self._lines(sale)]
        self.draw.shuffle(rows)
        return pd.DataFrame(rows)

    def _lines(self, sale: int) -> Iterator[dict[str, object]]:
        days = [self._day()] if sale % 4 else [self._day(), self._day()]
        for line in self.draw.sample(range(1, 6), self.draw.choice([1, 2, 3, 5])):
            yield {
                "number": f"{sale:04}", "line": line, "day": self.draw.choice(days).isoformat(),
                "store": f"S{1 + sale % 2}", "product": self.draw.choice(PRODUCTS),
                "category": self.draw.choice(CATEGORIES), "customer": self.draw.choice(["C1", "C2", ""]),
                "status": self.draw.choice(["done", "done", "done", "done", "off", "back"]),
                "quantity": self.draw.choice([1, 2]), "price": self.draw.choice(["1.50", "9"]),
                "cost": self.draw.choice(["0.50", ""]),
            }  # fmt: skip

    def _day(self) -> date:
        return FIRST + timedelta(days=self.draw.randrange(3))

    def current(self) -> pd.DataFrame:
        lines = pd.concat([frame for _, frame in self.files]).drop_duplicates(["store", "number", "line"], keep="last")
        lines["product"] = lines["product"].replace(SAME)
        lines["status"] = lines["status"].replace({"done": "completed", "off": "cancelled", "back": "returned"})
        return lines


@pytest.mark.parametrize("seed", [1, *in_long_proofs(*range(2, 12))])
def test_orders_of_random_files_equal_those_of_pandas(seed: int, run: Run, home: Path, tmp_path: Path) -> None:
    draw = random.Random(seed)
    sales = Sales(draw)
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(CONTRACT)
    for step in range(6):
        if step == 3:
            products = tmp_path / "products.csv"
            products.write_text("code,name,barcode,cost\nP1,Teapot,4006381333931,0.25\n")
            assert run("catalogue", "import", "products", str(products))[0] == 0
        if len(sales.files) > 1 and draw.random() < 0.3:
            batch, _ = sales.files.pop(draw.randrange(len(sales.files)))
            assert run("undo", batch, "--yes")[0] == 0
        path, frame = tmp_path / f"{seed}-{step}.csv", sales.next()
        frame.to_csv(path, index=False)
        code, receipt = run("ingest", str(path), "--region", "shop")
        if code == 4:
            code, _ = run("confirm", receipt["batch_id"])
        assert code == 0, receipt
        sales.files.append((receipt["batch_id"], frame))
        app = build(Settings())
        if step > 2:
            _compare(app, sales.current(), draw)
        app.ports.warehouse.refresh_totals()
        app.close()


def _compare(app: App, current: pd.DataFrame, draw: random.Random) -> None:
    """With days that the totals do not include, and after a refresh."""
    for _ in range(2):
        for by in BY:
            for filters in draw.sample(FILTERS, 2):
                _check(app, current, by, filters)
        app.ports.warehouse.refresh_totals()


def _check(app: App, current: pd.DataFrame, by: tuple[str, ...], filters: dict[str, object]) -> None:
    chosen = current[~current.status.isin(["cancelled", "returned"])]
    for name, values in filters.items():
        chosen = chosen[chosen.day >= str(values)] if name == "start" else chosen[chosen[name].isin(values)]
    expected = chosen.assign(sale=chosen.store + chosen.number).groupby(list(by)).sale.nunique()
    answer = measure_values.query_measures(
        app.ports.warehouse, ["orders"], by, UNRESTRICTED, Filters(**filters)
    ).to_pylist()
    counted = {tuple(str(row[name] or "") for name in by): row["orders"] for row in answer if row["orders"]}
    wanted = {key if isinstance(key, tuple) else (key,): int(orders) for key, orders in expected.items()}
    assert counted == wanted, (by, filters)
