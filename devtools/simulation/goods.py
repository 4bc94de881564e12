"""Costs and counted stock of simulated companies: the files that are imported, what they mean, and what must hold at
the end of a schedule.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import NamedTuple

from devtools.simulation.books import Books
from devtools.simulation.company import CURRENCY, PRODUCTS, REGIONS
from devtools.simulation.entries import Cell, Difference
from devtools.simulation.home import Home
from devtools.simulation.schedules import DAYS, Schedule

EVERYWHERE = "*"
"""Region of a cost that holds in all regions without one of their own."""
BEFORE = "2025-12-01"

COSTS = """SELECT region, store_id, FORMAT_DATE('%F', sale_date) AS day, product_id, SUM(line_cost) AS cost
    FROM line_costs GROUP BY region, store_id, sale_date, product_id"""
Place = tuple[str, ...]


class Cost(NamedTuple):
    """The cost of a unit from a day on. region: may be EVERYWHERE."""

    region: str
    product: str
    day: str
    amount: Decimal


class Counted(NamedTuple):
    """Units of a product in a store, counted before it opened."""

    region: str
    store: str
    day: str
    product: str
    units: int


class Goods:
    """What was imported."""

    def __init__(self) -> None:
        self._costs: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
        self.counts: dict[tuple[str, str, str], Counted] = {}
        """Region, store and product → the count of the latest day."""
        self.imports = 0

    def set_costs(self, costs: Iterable[Cost]) -> None:
        """A later import replaces the cost from the same day on."""
        self.imports += 1
        for cost in costs:
            self._costs[cost.region, cost.product][cost.day] = cost.amount

    def count(self, counts: Iterable[Counted]) -> None:
        """The count of a later day rules, whichever is imported first."""
        self.imports += 1
        for each in counts:
            place = (each.region, each.store, each.product)
            self.counts[place] = max(each, self.counts.get(place, each), key=lambda one: one.day)

    def cost(self, region: str, product: str, day: str) -> Decimal | None:
        """The cost of a unit: that of the region, else that of all regions; of each, the latest that holds."""
        for place in (region, EVERYWHERE):
            valid = {first: amount for first, amount in self._costs[place, product].items() if first <= day}
            if valid:
                return valid[max(valid)]
        return None


def new_costs(random: Random) -> list[Cost]:
    """Costs of some products in one region, or everywhere, from a day on."""
    region = random.choice((EVERYWHERE, *(region.name for region in REGIONS)))
    day = random.choice((BEFORE, *DAYS))
    products = random.sample(PRODUCTS, random.randint(1, len(PRODUCTS)))
    return [Cost(region, product, day, Decimal(random.randint(50, 200)) / 100) for product in products]


def products_csv() -> str:
    """The products of all companies."""
    return "\n".join(["product,name", *(f"{product},Product {product}" for product in PRODUCTS)])


def stores_csv(schedules: Iterable[Schedule]) -> str:
    """The stores of companies."""
    rows = ["region,store,name"]
    for schedule in schedules:
        rows += [f"{region},{store},{store}" for region, stores in schedule.stores.items() for store in stores]
    return "\n".join(rows)


def costs_csv(costs: Iterable[Cost]) -> str:
    """The file of costs."""
    lines = [f"{cost.product},{cost.region},{cost.amount},{CURRENCY},{cost.day}" for cost in costs]
    return "\n".join(["product,region,cost,currency,from", *lines])


def counts_csv(counts: Iterable[Counted]) -> str:
    """The file of counts of one day."""
    lines = [f"{each.region},{each.store},{each.product},{each.units}" for each in counts]
    return "\n".join(["region,store,product,quantity", *lines])


def check_goods(home: Home, books: Books, goods: Goods) -> None:
    """The cost of what was sold, and the stock of counted products. Raises `Difference`."""
    costs: dict[Place, Decimal | None] = {}
    sold: Counter[Place] = Counter()
    for cell in books.cells():
        for product, figure in books.figures(cell).items():
            cost = goods.cost(cell.region, product, cell.day)
            costs[*cell, product] = None if cost is None else cost * figure.units
            counted = goods.counts.get((cell.region, cell.store, product))
            if counted and counted.day <= cell.day:
                sold[cell.region, cell.store, product] += figure.units
    rows = home.query(COSTS)
    _compare("costs", {(*_cell(row), row["product_id"]): row["cost"] for row in rows}, costs)
    levels: dict[Place, Decimal | None] = {
        (row["region"], row["store_id"], row["product"]): row["on_hand"]
        for row in home.stock_levels()
        if row["on_hand"] is not None
    }
    _compare("stock", levels, {place: Decimal(each.units - sold[place]) for place, each in goods.counts.items()})


def _cell(row: dict[str, str]) -> Cell:
    return Cell(row["region"], row["store_id"], row["day"])


def _compare(kind: str, product: dict[Place, Decimal | None], model: dict[Place, Decimal | None]) -> None:
    wrong = [place for place in product.keys() | model.keys() if product.get(place) != model.get(place)]
    if wrong:
        first = min(wrong)
        text = f"{kind} of {first}: product {product.get(first)}, books {model.get(first)}"
        raise Difference(kind, text, [int(place[1][1:-1]) for place in wrong])
