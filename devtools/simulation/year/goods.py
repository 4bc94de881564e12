"""Costs and stock of the simulated company: the files that are imported, and what they mean."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from devtools.simulation.company import CURRENCY
from devtools.simulation.year.process import Process
from devtools.simulation.year.sales import Company, day_of

COUNTED = 8
"""Stores that count their stock."""


@dataclass
class Goods:
    """costs: first day → cents of each product. counts: (store, product) → day and units. received: movements."""

    costs: list[tuple[int, npt.NDArray[np.int64]]] = field(default_factory=list)
    counts: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    received: list[tuple[int, int, int, int]] = field(default_factory=list)

    def cost(self, day: int) -> npt.NDArray[np.int64]:
        """The cost of each product on a day, in hundredths."""
        return next(cents for first, cents in reversed(self.costs) if first <= day)

    def received_since(self, store: int, product: int, day: int) -> int:
        """Units that came to a store after a count before opening."""
        return sum(units for at, *place, units in self.received if place == [store, product] and at >= day)


def begin(process: Process, company: Company, folder: Path) -> None:
    """Import products and stores."""
    products = "\n".join(["product,name", *(f"P{n},Product {n}" for n in range(company.products))])
    stores = [f"{company.region(n % company.regions).name},S{n},Store {n}" for n in range(company.stores)]
    _imported(process, "catalogue-import", folder, products, kind="products")
    _imported(process, "catalogue-import", folder, "\n".join(["region,store,name", *stores]), kind="stores")


def set_costs(process: Process, goods: Goods, company: Company, folder: Path, day: int) -> None:
    """New costs of every product from a day on, and a list price."""
    random = np.random.default_rng([company.seed, 1, day])
    cents = random.integers(20, 90, company.products)
    lines = [f"P{n},{value // 100}.{value % 100:02d},{CURRENCY},{day_of(day)}" for n, value in enumerate(cents)]
    _imported(process, "catalogue-import", folder, "\n".join(["product,cost,currency,from", *lines]), kind="costs")
    goods.costs.append((day, cents))


def count(process: Process, goods: Goods, company: Company, folder: Path, day: int) -> None:
    """Some stores count every fourth product before opening."""
    random = np.random.default_rng([company.seed, 2, day])
    stores = random.choice(company.stores, min(COUNTED, company.stores), replace=False).tolist()
    places = [(store, product) for store in stores for product in range(0, company.products, 4)]
    units = random.integers(50, 500, len(places)).tolist()
    _stock(process, company, folder, day, places, units, kind="count")
    goods.counts |= {place: (day, each) for place, each in zip(places, units, strict=True)}


def deliver(process: Process, goods: Goods, company: Company, folder: Path, day: int) -> None:
    """Deliveries arrive in some of the stores that count."""
    random = np.random.default_rng([company.seed, 3, day])
    counted = sorted(goods.counts)
    places = [counted[n] for n in random.choice(len(counted), len(counted) // 4, replace=False).tolist()]
    units = random.integers(1, 60, len(places)).tolist()
    _stock(process, company, folder, day, places, units, kind="receipt")
    goods.received += [(day, *place, each) for place, each in zip(places, units, strict=True)]


def _stock(
    process: Process,
    company: Company,
    folder: Path,
    day: int,
    places: list[tuple[int, int]],
    units: list[int],
    kind: str,
) -> None:
    rows = ["region,store,product,quantity"]
    for (store, product), each in zip(places, units, strict=True):
        rows.append(f"{company.region(store % company.regions).name},S{store},P{product},{each}")
    at = {"kind": kind, "day": day_of(day).isoformat(), "before_opening": kind == "count"}
    _imported(process, "stock-import", folder, "\n".join(rows), **at)


def _imported(process: Process, command: str, folder: Path, text: str, **arguments: object) -> None:
    file = folder / "import.csv"
    file.write_text(text + "\n")
    answer = process.until_done(command, file=str(file), **arguments)
    if answer.get("problem_count") or answer.get("problems"):
        raise ValueError(f"{command}: {answer}")
