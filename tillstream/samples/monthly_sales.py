"""Sales of one region in one month, as lines of integer columns, generated independently of other months."""

from calendar import monthrange
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Self

import numpy as np

from tillstream.samples import master_data
from tillstream.samples.draws import Ints, Mask, RandomDraw, rounded_share
from tillstream.samples.regions import SampleRegion

COMPLETED, PENDING, CANCELLED, RETURNED = range(4)
STORE, ONLINE, PHONE = range(3)
SALES_CHANNELS = ("store", "online", "phone")

MONTHS_OF_HISTORY = 24
_BASKET = [42, 28, 15, 8, 4, 3]
_LINES_A_SALE = 2.18
"""Mean lines per sale, including returns."""
_QUANTITIES: Ints = np.array([1, 2, 3, 4, 6, 12], dtype=np.int64)
_HOURS: Ints = np.array([20, 30, 45, 60, 75, 80, 70, 60, 60, 75, 85, 70], dtype=np.int64)
"""Weight of each hour from 09:00; no clock change falls into these hours."""
_SALESPEOPLE = 6
_LETTERS = "ABCDEFGHIJKLMNOPQSTUVWXYZ"
"""Without R, which marks returns in a region."""


@dataclass(frozen=True)
class SampleLines:
    """One element per line; amounts in hundredths, -1: none. `sale` is the index of a sale in its region and month."""

    sale: Ints
    series: Ints
    """0: sales, 1: returns; each series is numbered separately"""
    number: Ints
    line: Ints
    day: Ints
    minute: Ints
    store: Ints
    salesperson: Ints
    customer: Ints
    channel: Ints
    status: Ints
    product: Ints
    quantity: Ints
    price: Ints
    percent: Ints
    """Discount in percent"""
    tax_rate: Ints
    """In hundredths of a percent"""
    original: Ints
    """Number of the returned sale"""
    revision: Ints
    fault: Ints
    """0, or a fault of the module `faults`"""

    def __len__(self) -> int:
        return int(self.sale.size)

    @property
    def discount(self) -> Ints:
        return rounded_share(self.quantity * self.price, self.percent, 100)

    @property
    def net(self) -> Ints:
        return self.quantity * self.price - self.discount

    @property
    def tax(self) -> Ints:
        return rounded_share(self.net, self.tax_rate, 10_000)

    def take(self, selection: Mask | Ints) -> Self:
        return replace(self, **{field.name: getattr(self, field.name)[selection] for field in fields(self)})

    def repeats(self) -> Mask:
        """Mask of the lines of sales with a repeated product."""
        pair = self.sale * 1000 + self.product
        _, where, count = np.unique(pair, return_inverse=True, return_counts=True)
        repeated = np.unique(self.sale[count[where] > 1])
        return np.isin(self.sale, repeated)


def concat_lines(*parts: SampleLines) -> SampleLines:
    return SampleLines(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(SampleLines))
    )


def no_lines() -> SampleLines:
    return SampleLines(*(np.zeros(0, dtype=np.int64) for _ in fields(SampleLines)))


@dataclass(frozen=True)
class SampleMonth:
    """`index` is 0 to MONTHS - 1; `days` may be fewer than in the calendar month."""

    year: int
    month: int
    days: int
    index: int
    mark: str = ""
    """Part of every sale number, so that sample sets of different scales share no sales."""
    newest: bool = False
    """Whether this is the latest complete month or the one after it, in which demand and prices have changed."""

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)


def scale_letters(scale: float) -> str:
    """Letters that are unique to a scale, as a series of numbers has them: empty for 1, V for 2, CC for 0.05."""
    if scale == 1:
        return ""
    whole, _, decimals = f"{Decimal(repr(float(scale))).normalize():f}".partition(".")
    number, letters = int(f"{whole}{decimals}{len(decimals)}"), ""
    while number:
        number, letter = divmod(number, len(_LETTERS))
        letters = _LETTERS[letter] + letters
    return letters


def sample_months(until: date, scale: float = 1.0) -> list[SampleMonth]:
    """The months that end with `until`, oldest first."""
    newest = until.year * 12 + until.month - 1
    complete = MONTHS_OF_HISTORY - 1 if until.day == monthrange(until.year, until.month)[1] else MONTHS_OF_HISTORY - 2
    spans = [divmod(newest - MONTHS_OF_HISTORY + 1 + index, 12) for index in range(MONTHS_OF_HISTORY)]
    return [
        SampleMonth(
            year,
            month + 1,
            until.day if index == MONTHS_OF_HISTORY - 1 else monthrange(year, month + 1)[1],
            index,
            scale_letters(scale),
            index >= complete,
        )
        for index, (year, month) in enumerate(spans)
    ]


def sales_of_month(region: SampleRegion, month: SampleMonth, scale: float, seed: int) -> SampleLines:
    """All lines of the month, including returns, sorted by day and minute; without faults."""
    draw = RandomDraw(seed, region.number, month.year, month.month)
    sold = _sold_lines(region, month, scale, draw)
    lines = concat_lines(sold, _returned_lines(sold, month, draw))
    order = np.lexsort((lines.line, lines.number, lines.series, lines.minute, lines.day))
    return lines.take(order)


def _sales_count(region: SampleRegion, month: SampleMonth, scale: float) -> int:
    trend = [
        region.seasons[(month.month - 1 - month.index + index) % 12] * (1000 + region.growth * index)
        for index in range(MONTHS_OF_HISTORY)
    ]
    lines = round(region.lines * scale) * trend[month.index] // sum(trend)
    return max(1, int(lines / _LINES_A_SALE) * month.days // monthrange(month.year, month.month)[1])


def _sold_lines(region: SampleRegion, month: SampleMonth, scale: float, draw: RandomDraw) -> SampleLines:
    n = _sales_count(region, month, scale)
    day = np.sort(draw.pick(_day_weights(region, month), n) + 1)
    channel = draw.pick([72, 22, 6], n)
    web = len(region.stores) - 1
    store = np.where(channel == ONLINE, web, draw.pick(_store_weights(region, month), n))
    minute = (draw.pick(_HOURS, n) + 9) * 60 + draw.below(60, n)
    population = max(40, round(region.customers * scale))
    popularity = 1_000_000 // (np.arange(population, dtype=np.int64) + 30)
    walk_in = (channel == STORE) & draw.chance(3500, n)
    customer = np.where(walk_in, -1, draw.pick(popularity, n))
    salesperson = np.where(channel == ONLINE, -1, store * _SALESPEOPLE + draw.pick([30, 25, 20, 12, 8, 5], n))
    chance = draw.below(10_000, n)
    is_last = month.index == MONTHS_OF_HISTORY - 1
    status = np.full(n, COMPLETED)
    status[chance < 150] = CANCELLED
    status[(chance >= 150) & (chance < 150 + (300 if is_last else 5)) & (channel != STORE)] = PENDING
    order = np.lexsort((minute, day))
    number = _sale_numbers(store, order)

    size = draw.pick(_BASKET, n) + 1
    sale = np.repeat(np.arange(n, dtype=np.int64), size)
    line = np.arange(sale.size, dtype=np.int64) - np.repeat(np.cumsum(size) - size, size) + 1
    product = draw.pick(master_data.product_likelihood(month.month, newest=month.newest), sale.size)
    percent = _discount_percent(region, month, day[sale], product, draw)
    quantity = _QUANTITIES[draw.pick([70, 17, 6, 4, 2, 1], sale.size)]
    rates = list(region.tax.values())
    rate = np.array(rates, dtype=np.int64)[
        store[sale] if region.taxed_by_store else master_data.CATEGORY_OF_PRODUCT[product]
    ]
    return SampleLines(
        sale=sale,
        series=np.zeros_like(sale),
        number=number[sale],
        line=line,
        day=day[sale],
        minute=minute[sale],
        store=store[sale],
        salesperson=salesperson[sale],
        customer=customer[sale],
        channel=channel[sale],
        status=status[sale],
        product=product,
        quantity=quantity,
        price=master_data.product_prices(region.currency, month.index // 12, newest=month.newest)[product],
        percent=percent,
        tax_rate=rate,
        original=np.full_like(sale, -1),
        revision=np.ones_like(sale),
        fault=np.zeros_like(sale),
    )


def _returned_lines(sold: SampleLines, month: SampleMonth, draw: RandomDraw) -> SampleLines:
    """Returns of single lines up to two weeks later in the same month, each a sale with its own number and day."""
    selected = draw.chance(180, len(sold)) & (sold.status == COMPLETED) & (sold.day < month.days)
    returned = sold.take(selected)
    n = len(returned)
    day = np.minimum(returned.day + 1 + draw.below(14, n), month.days)
    minute = (draw.pick(_HOURS, n) + 9) * 60 + draw.below(60, n)
    ones = np.ones(n, dtype=np.int64)
    first = int(sold.sale[-1]) + 1
    return SampleLines(
        **vars(returned)
        | {
            "sale": first + np.arange(n, dtype=np.int64),
            "series": ones,
            "number": _sale_numbers(returned.store, np.lexsort((minute, day))),
            "line": ones,
            "day": day,
            "minute": minute,
            "channel": np.where(returned.channel == PHONE, STORE, returned.channel),
            "status": ones * RETURNED,
            "quantity": -returned.quantity,
            "original": returned.number,
        }
    )


def _sale_numbers(store: Ints, order: Ints) -> Ints:
    """Sale numbers from 1 per store, in `order`."""
    numbers = np.zeros_like(store)
    for store_index in np.unique(store):
        where = order[store[order] == store_index]
        numbers[where] = np.arange(1, where.size + 1)
    return numbers


def _store_weights(region: SampleRegion, month: SampleMonth) -> list[int]:
    """Weight of each store; in the newest months the second sells clearly less and the third more."""
    percent = (100, 60, 130) if month.newest else (100, 100, 100)
    return [
        weight * part for weight, part in zip(region.weights, (*percent, *[100] * len(region.weights)), strict=False)
    ]


def _day_weights(region: SampleRegion, month: SampleMonth) -> Ints:
    """Weight of each day: that of its weekday, half as much again during promotions."""
    days = [month.first + timedelta(days=offset) for offset in range(month.days)]
    promoted = {day for p in region.promotions if p.month == month.month for day in range(p.first, p.last + 1)}
    return np.array(
        [region.weekdays[day.weekday()] * (3 if day.day in promoted else 2) for day in days], dtype=np.int64
    )


def _discount_percent(region: SampleRegion, month: SampleMonth, day: Ints, product: Ints, draw: RandomDraw) -> Ints:
    """Discounts: the greatest of the active promotions, occasionally a small one of the shop."""
    percent = np.where(draw.chance(500, day.size), draw.pick([0, 1, 1], day.size) * 5, 0)
    for promotion in region.promotions:
        if promotion.month == month.month:
            categories = [
                master_data.PRODUCT_CATEGORIES.index(name)
                for name in promotion.categories or master_data.PRODUCT_CATEGORIES
            ]
            applies = (
                (day >= promotion.first)
                & (day <= promotion.last)
                & np.isin(master_data.CATEGORY_OF_PRODUCT[product], categories)
            )
            percent = np.where(applies, np.maximum(percent, promotion.percent), percent)
    return percent
