"""Sales drawn from a seed: the facts that files are written from and truths are computed from."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from random import Random

CENT = Decimal("0.01")
Product = tuple[str, str, str, str]
"""Code, name, category, unit price."""

GOODS: tuple[Product, ...] = (
    ("MUG-01", "Stoneware mug", "Kitchen", "12.50"),
    ("MUG-02", "Travel mug", "Kitchen", "24.90"),
    ("TEA-11", "Green tea 100 g", "Grocery", "7.95"),
    ("TEA-12", "Earl Grey 100 g", "Grocery", "6.40"),
    ("LMP-07", "Desk lamp", "Home", "59.00"),
    ("BLK-03", "Wool blanket", "Home", "119.99"),
    ("CND-20", "Beeswax candle", "Home", "9.75"),
    ("NTB-05", "Notebook A5", "Paper", "4.35"),
)


@dataclass(frozen=True)
class Line:
    """One line of a sale. Quantity, discount and tax are negative in a return; `status` is the product's word."""

    sale: int
    number: int
    of: int
    """Number of lines of the sale."""
    at: datetime
    store: str
    code: str
    product: str
    category: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    tax: Decimal
    status: str
    customer: str
    taxed: bool
    """Whether the price includes the tax."""

    @property
    def full(self) -> Decimal:
        return self.quantity * self.price

    @property
    def total(self) -> Decimal:
        """Quantity × price less discount, as the till counts it."""
        return self.full - self.discount

    @property
    def net(self) -> Decimal:
        return self.total - self.tax if self.taxed else self.total

    @property
    def gross(self) -> Decimal:
        return self.total if self.taxed else self.total + self.tax


@dataclass(frozen=True)
class Plan:
    """What to draw. Shares are fractions of the sales."""

    seed: int
    sales: int = 60
    start: date = date(2026, 2, 3)
    days: int = 75
    goods: tuple[Product, ...] = GOODS
    stores: tuple[str, ...] = ("Main",)
    customers: tuple[str, ...] = ("Ada Byron", "Max Weber", "Ines Prado", "Liv Dahl", "Tom Reed")
    max_lines: int = 3
    rate: Decimal = Decimal(0)
    taxed: bool = False
    returned: float = 0.0
    cancelled: float = 0.0
    pending: float = 0.0
    discounted: float = 0.0
    hours: tuple[int, int] = (9, 19)
    quantities: tuple[int, ...] = (1, 1, 1, 2, 3, 5)
    unit: Decimal = CENT
    """Smallest coin: discounts and taxes are rounded to it."""
    first: int = 1
    """Number of the first sale."""
    day_limit: int = field(default=31)
    """Last day of a month with sales."""


def draw(plan: Plan) -> list[Line]:
    """The same lines for the same plan: the file and its truth are made of them."""
    return list(drawn(plan))


@cache
def drawn(plan: Plan) -> tuple[Line, ...]:
    """As `draw`; each plan is drawn once."""
    random = Random(plan.seed)
    lines: list[Line] = []
    for place in range(plan.sales):
        day = plan.start + timedelta(days=place * plan.days // plan.sales)
        day = day.replace(day=min(day.day, plan.day_limit))
        minutes = random.randrange(plan.hours[0] * 60, plan.hours[1] * 60)
        at = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - as a till prints it
        status = _status(random.random(), plan)
        store, customer = plan.stores[place % len(plan.stores)], random.choice(plan.customers)
        count = random.randint(1, plan.max_lines)
        for number, good in enumerate(random.sample(plan.goods, count), 1):
            sign = -1 if status == "returned" else 1
            quantity = Decimal(sign * random.choice(plan.quantities))
            price = Decimal(good[3])
            share = random.choice((Decimal("0.1"), Decimal("0.2"), Decimal("0.15")))
            cut = share if random.random() < plan.discounted else Decimal(0)
            discount = (quantity * price * cut).quantize(plan.unit, ROUND_HALF_UP)
            line = Line(
                plan.first + place, number, count, at, store, *good[:3], quantity, price, discount, Decimal(0), status,
                customer, plan.taxed,
            )  # fmt: skip
            tax = line.total * plan.rate / (1 + plan.rate) if plan.taxed else line.total * plan.rate
            lines.append(replace(line, tax=tax.quantize(plan.unit, ROUND_HALF_UP)))
    return tuple(in_order(lines))


def in_order(lines: list[Line]) -> list[Line]:
    """Number the sales in the order of their times, as a till does."""
    first = min(line.sale for line in lines)
    times = {line.sale: line.at for line in lines}
    ranks = {sale: first + rank for rank, sale in enumerate(sorted(times, key=lambda sale: (times[sale], sale)))}
    return sorted((replace(line, sale=ranks[line.sale]) for line in lines), key=lambda line: (line.sale, line.number))


def _status(chance: float, plan: Plan) -> str:
    for status, share in (("returned", plan.returned), ("cancelled", plan.cancelled), ("pending", plan.pending)):
        if chance < share:
            return status
        chance -= share
    return "completed"
