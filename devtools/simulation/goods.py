"""Costs and counted stock of simulated companies: the files that are imported, and what they mean."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import NamedTuple

from devtools.simulation.company import CURRENCY, PRODUCTS, REGIONS
from devtools.simulation.schedules import DAYS, Schedule

EVERYWHERE = "*"
"""Region of a cost that holds in all regions without one of their own."""
BEFORE = "2025-12-01"


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
