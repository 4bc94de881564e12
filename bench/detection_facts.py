"""Generated sales, with the totals that a correct import gives."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

CENT, HUNDRED = Decimal("0.01"), Decimal(100)
KINDS: dict[str, tuple[str, ...]] = {
    "computed": ("quantity", "unit_price"),
    "total": ("quantity", "unit_price", "amount"),
    "net, tax and gross": ("quantity", "unit_price", "net_amount", "tax", "gross_amount"),
    "gross and tax": ("quantity", "unit_price", "tax", "gross_amount"),
    "total and tax": ("quantity", "unit_price", "tax", "amount"),
    "prices with tax": ("quantity", "unit_price", "tax", "amount"),
    "discount and total": ("quantity", "unit_price", "discount", "amount"),
    "discount and net": ("quantity", "unit_price", "discount", "net_amount"),
    "discount alone": ("quantity", "unit_price", "discount"),
    "per cent and total": ("quantity", "unit_price", "discount", "amount"),
    "per cent alone": ("quantity", "unit_price", "discount"),
    "gross alone": ("tax", "gross_amount"),
    "takings": ("amount",),
}
"""Kind of amounts in a source → its amount columns."""


@dataclass(frozen=True)
class Line:
    """One line of a sale; `amounts` is keyed by the columns of `KINDS`."""

    sale: str
    line: int
    moment: datetime
    store: int
    product: int
    status: str
    returned: bool
    amounts: dict[str, Decimal]
    net: Decimal


@dataclass(frozen=True)
class Plan:
    """Parameters common to all sales of a file."""

    kind: str
    whole: bool
    """Whether all prices are whole."""
    timed: bool
    letters: str
    back: str
    """Prefix of the sale numbers of returns; empty: no prefix."""
    statuses: tuple[str, ...]
    return_word: str
    """The status of a return; empty if the file has no status."""
    stores: int
    products: int


def lines(draw: Random, plan: Plan) -> list[Line]:
    span = draw.choice([9, 40, 300])
    start = date(2026, draw.randint(1, 3), 1) if span == 9 else date(2025, draw.randint(1, 12), draw.randint(1, 28))
    first, sales = draw.choice([1, 1001, 480_000]), draw.randint(8, 90)
    rate = draw.choice([Decimal("0.19"), Decimal("0.2"), Decimal("0.07"), Decimal("0.1"), Decimal("0.25")])
    sale_lines: list[Line] = []
    for number in range(sales):
        day = start + timedelta(days=number * span // sales)
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - as a till prints it
        moment += timedelta(minutes=draw.randint(540, 1200)) if plan.timed else timedelta()
        is_return = bool(plan.back) and draw.random() < 0.12
        word = draw.choice(plan.statuses) if plan.statuses else ""
        returned = is_return or (bool(word) and word == plan.return_word)
        sale = f"{plan.back if is_return else plan.letters}{first + number}"
        for line in range(1, 2 if plan.kind == "takings" else draw.randint(2, 5)):
            amounts, net = _amounts(draw, plan, rate, -1 if returned else 1)
            product = (line * 7 + number) % plan.products
            sale_lines.append(Line(sale, line, moment, number % plan.stores, product, word, returned, amounts, net))
    return sale_lines


def _amounts(draw: Random, plan: Plan, rate: Decimal, sign: int) -> tuple[dict[str, Decimal], Decimal]:
    unit = Decimal(1) if plan.whole else CENT
    price = Decimal(draw.randint(10_000, 499_900) if draw.random() < 0.3 else draw.randint(100, 9_999)) / 100
    price = price.quantize(unit, ROUND_HALF_UP)
    quantity = Decimal(sign * draw.choice([1, 1, 2, 3, 12]))
    full = quantity * price
    percent = Decimal(draw.choice([0, 0, 5, 10, 20])) if "cent" in plan.kind else Decimal(0)
    discount = full * percent / HUNDRED
    if plan.kind.startswith("discount"):
        discount = (full * draw.choice([0, 0, 5, 7, 13]) / HUNDRED).quantize(unit, ROUND_HALF_UP)
    net = full - discount
    if plan.kind == "prices with tax":
        gross = net
        tax = (gross * rate / (1 + rate)).quantize(unit, ROUND_HALF_UP)
        net = gross - tax
    else:
        tax = (net * rate).quantize(unit, ROUND_HALF_UP)
        gross = net + tax
    amounts = {
        "quantity": quantity,
        "unit_price": price,
        "discount": percent if "cent" in plan.kind else discount,
        "net_amount": net,
        "tax": tax,
        "gross_amount": gross,
        "amount": gross if plan.kind in {"total and tax", "prices with tax"} else net,
    }
    return amounts, net
