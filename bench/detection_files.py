"""Generated files in random styles, each with its true layout and content; deterministic for a seed."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from bench import detection_words as words
from tillstream.pipeline.normalising.date_formats import format_datetime

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

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "latin-1")
DATES = {
    "DMY": ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%d-%b-%Y", "%d. %B %Y"),
    "MDY": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%b %d, %Y"),
    "YMD": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%y.%m.%d", "%Y%m%d"),
}

GROSS = frozenset({"total and tax", "prices with tax"})
"""Kinds whose `amount` includes tax."""


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


@dataclass
class Style:
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    sign: str
    minus: str
    date_order: str
    date_format: str
    padded: bool
    language: str
    currency: str
    timed: bool
    separate_time: bool
    whole: bool
    percent_sign: bool

    def encoded(self, text: str) -> bytes:
        """Encode the text, falling back to UTF-8 if the encoding lacks a character."""
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            self.encoding = "utf-8"
            return text.encode()

    def date(self, moment: datetime) -> str:
        text = format_datetime(moment, self.date_format, self.language)
        if self.padded:
            return text
        for sign in "./-":
            text = sign.join(part.lstrip("0") if len(part) == 2 else part for part in text.split(sign))
        return text

    def clock(self, moment: datetime) -> str:
        return f"{moment:%H:%M}"

    def number(self, value: Decimal, *, money: bool = True) -> str:
        whole, _, fraction = f"{abs(value):f}".partition(".")
        if self.thousands:
            whole = f"{int(whole):,}".replace(",", self.thousands)
        text = whole + (self.decimal + fraction if fraction else "")
        sign = words.SIGNS[self.currency]
        if money and self.sign:
            text = {"before": f"{sign}{text}", "after": f"{text} {sign}", "code": f"{text} {self.currency}"}[self.sign]
        if value >= 0:
            return text
        return {"-": f"-{text}", "behind": f"{text}-", "(": f"({text})"}["-" if self.sign else self.minus]


def drawn_style(draw: Random) -> Style:
    language = draw.choice(list(words.HEADERS))
    order = draw.choice({"en": ["DMY", "MDY", "YMD"], "ja": ["YMD"]}.get(language, ["DMY", "DMY", "YMD"]))
    decimal = "." if language in {"en", "ja"} else draw.choice(".,")
    other_mark = "," if decimal == "." else "."
    format_ = draw.choice(DATES[order])
    timed = draw.random() < 0.4
    separate_time = timed and draw.random() < 0.3
    return Style(
        encoding=draw.choice((*ENCODINGS[:3], "cp932") if language == "ja" else ENCODINGS),
        delimiter=draw.choice(",;\t|"),
        decimal=decimal,
        thousands=draw.choice(["", "", other_mark, " " if decimal == "," else "'"]),
        sign=draw.choice(["", "", "before", "after", "code"]),
        minus=draw.choice(["-", "-", "behind", "("]),
        date_order=order,
        date_format=format_ + (draw.choice([" %H:%M", " %H:%M:%S"]) if timed and not separate_time else ""),
        padded=draw.random() < 0.7 or any(letter in format_ for letter in ("%Y%m%d", "%b", "%B")),
        language=language,
        currency=draw.choice(words.CURRENCIES.get(language, ["EUR"])),
        timed=timed,
        separate_time=separate_time,
        whole=language == "ja" or draw.random() < 0.08,
        percent_sign=draw.random() < 0.4,
    )


def _joined(name: str) -> str:
    return name.replace(" ", "_")


SPELLINGS: tuple[Callable[[str], str], ...] = (str, str, str.upper, str.lower, _joined)


@dataclass
class Truth:
    """The true layout and content of a file."""

    style: Style
    kind: str
    columns: dict[str, str] = field(default_factory=dict)
    """Role → header; `amount` is a total whose header does not show whether it is net or gross."""
    statuses: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    """Prefix of the sale numbers of returns; empty: no prefix."""
    missing: str = ""
    net: Decimal = Decimal(0)
    rows: int = 0
    text: str = ""

    @property
    def amount(self) -> str:
        return "gross" if self.kind in GROSS else "net"


@dataclass(frozen=True)
class GeneratedFile:
    seed: int
    data: bytes
    truth: Truth


def generate_file(seed: int) -> GeneratedFile:
    draw = Random(f"detection {seed}")
    style = drawn_style(draw)
    truth = Truth(style, draw.choice(tuple(KINDS)))
    header, rows = _table(draw, truth)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=style.delimiter, lineterminator=draw.choice(["\n", "\r\n"]))
    title = words.TITLES.get(style.language, "Sales report")
    writer.writerows(draw.choice([[], [], [[title]], [[title], ["2026"]], [[title], []]]))
    writer.writerow(header)
    writer.writerows(rows)
    if draw.random() < 0.12 and truth.kind != "takings":
        writer.writerow([words.TOTALS[style.language], *[""] * (len(header) - 2), style.number(truth.net)])
    truth.text = out.getvalue()
    return GeneratedFile(seed, style.encoded(truth.text), truth)


def _table(draw: Random, truth: Truth) -> tuple[list[str], list[list[str]]]:
    language = truth.style.language
    names = words.HEADERS[language]
    roles = _roles(draw, truth)
    spell = draw.choice(SPELLINGS)
    truth.columns = {role: spell(draw.choice(names.get(role) or [words.TIMES[language]])) for role in roles}
    if "discount" in roles and "cent" in truth.kind and draw.random() < 0.5:
        truth.columns["discount"] = spell(words.PERCENT[language])
    if draw.random() < 0.12:
        truth.columns[draw.choice(sorted(set(roles) - {"date", "time"}))] = f"F{draw.randint(100, 999)}"
    extras = draw.sample(names["extra"], draw.randint(0, 2))
    if draw.random() < 0.2:
        extras.append(words.DELIVERED[language])
    order = [*roles, *(f"extra {name}" for name in extras)]
    draw.shuffle(order)
    sales = lines(draw, _plan(draw, truth, roles))
    truth.missing = draw.choice(["", "", "", "-", "N/A"]) if "discount" in roles else ""
    if not any(line.returned for line in sales):
        truth.prefix = ""
    truth.rows, truth.net = len(sales), sum((line.net for line in sales), Decimal(0))
    truth.statuses = {line.status: truth.statuses[line.status] for line in sales if line.status}
    rows = [[_cell(draw, truth, line, role) for role in order] for line in sales]
    if draw.random() < 0.3 and truth.kind != "takings":
        draw.shuffle(rows)
    header = [name.removeprefix("extra ") if name.startswith("extra ") else truth.columns[name] for name in order]
    return header, rows


def _roles(draw: Random, truth: Truth) -> list[str]:
    if truth.kind == "takings":
        return ["date", "store_id", "amount"]
    roles = ["sale_id", "date", *draw.sample(["line_key", "store_id", "product_id", "status"], draw.randint(1, 4))]
    if "product_id" not in roles or draw.random() < 0.5:
        roles.append("product_name")
    if truth.style.separate_time:
        roles.append("time")
    return [*roles, *KINDS[truth.kind]]


def _plan(draw: Random, truth: Truth, roles: list[str]) -> Plan:
    language = truth.style.language
    word = ""
    if "status" in roles:
        truth.statuses = dict(words.STATUSES[language])
        word = next(each for each, meaning in truth.statuses.items() if meaning == "returned")
        if draw.random() < 0.15 and language in words.STRANGE:
            truth.statuses[words.STRANGE[language]] = "pending"
    elif truth.kind != "takings":
        truth.prefix = draw.choice(["", "C", "R-", "GS"])
    return Plan(
        truth.kind,
        truth.style.whole,
        truth.style.timed,
        draw.choice(["", "", "INV-", "B"]),
        truth.prefix,
        tuple(truth.statuses),
        word,
        len(words.STORES.get(language, words.TWO)),
        len(words.PRODUCTS[language]),
    )


def _cell(draw: Random, truth: Truth, line: Line, role: str) -> str:
    style = truth.style
    if role in line.amounts:
        value = line.amounts[role]
        if role == "discount" and not value and truth.missing:
            return truth.missing
        if role == "discount" and "cent" in truth.kind:
            return f"{value}%" if style.percent_sign else f"{value}"
        return style.number(value, money=role != "quantity")
    texts = {
        "sale_id": line.sale,
        "line_key": str(line.line),
        "store_id": words.STORES.get(style.language, words.TWO)[line.store],
        "product_id": f"P{line.product + 100}",
        "product_name": words.PRODUCTS[style.language][line.product],
        "status": line.status,
    }
    return texts[role] if role in texts else _moment(draw, style, line.moment, role)


def _moment(draw: Random, style: Style, moment: datetime, role: str) -> str:
    if role == "date" or role.removeprefix("extra ") in words.DELIVERED.values():
        return style.date(moment)
    return style.clock(moment) if role == "time" else draw.choice(["", "x", "Cash", str(draw.randint(1, 99_999))])
