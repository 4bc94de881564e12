"""What must hold of costs and stock at the end of a schedule."""

from collections import Counter
from decimal import Decimal

from devtools.simulation.books import Books
from devtools.simulation.difference import Difference
from devtools.simulation.entries import Cell
from devtools.simulation.goods import Goods
from devtools.simulation.home import Home

COSTS = """SELECT region, store_id, FORMAT_DATE('%F', sale_date) AS day, product_id, SUM(line_cost) AS cost
    FROM line_costs GROUP BY region, store_id, sale_date, product_id"""
Place = tuple[str, ...]


def check(home: Home, books: Books, goods: Goods) -> None:
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
