"""Files in random styles, each with the truth of how it was written: the same for a seed on every machine."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from bench import detection_words as words

CENT = Decimal("0.01")
KINDS = ("computed", "total", "net-tax-gross", "gross-tax", "discounted", "takings", "discount-only")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "latin-1")
DATES = {
    "DMY": ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y"),
    "MDY": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y"),
    "YMD": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%y.%m.%d", "%Y%m%d"),
}


def _joined(name: str) -> str:
    return name.replace(" ", "_")


SPELLINGS: list[Callable[[str], str]] = [str, str, str.upper, str.lower, _joined]


@dataclass
class Truth:
    """How a file was written, and what it says."""

    encoding: str
    delimiter: str
    decimal: str
    date_order: str
    date_format: str
    language: str
    currency: str
    timed: bool
    columns: dict[str, str] = field(default_factory=dict)
    """Role → header; `amount` is a total whose name does not say whether it is net or gross."""
    amount: str = "net"
    statuses: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    net: Decimal = Decimal(0)
    rows: int = 0
    text: str = ""


@dataclass(frozen=True)
class Made:
    seed: int
    data: bytes
    truth: Truth


def made(seed: int) -> Made:
    return _Maker(seed).make()


class _Maker:
    def __init__(self, seed: int) -> None:
        self._draw = draw = Random(f"detection {seed}")
        self._seed = seed
        self._language = language = draw.choice(list(words.HEADERS))
        encodings = (*ENCODINGS[:3], "cp932") if language == "ja" else ENCODINGS
        order = draw.choice(
            ["DMY", "MDY", "YMD"] if language == "en" else ["YMD"] if language == "ja" else ["DMY", "YMD"]
        )
        decimal = draw.choice(".,") if language not in {"en", "ja"} else "."
        self._whole = language == "ja" or draw.random() < 0.08
        currency = draw.choice(words.CURRENCIES.get(language, ["EUR"]))
        self._timed = draw.random() < 0.35
        format_ = draw.choice(DATES[order])
        clock = draw.choice([" %H:%M", " %H:%M:%S"]) if self._timed else ""
        self.truth = Truth(
            draw.choice(encodings),
            draw.choice(",;\t|"),
            decimal,
            order,
            format_ + clock,
            language,
            currency,
            self._timed,
        )
        self._padded = draw.random() < 0.7 or "%Y%m%d" in format_
        other = "," if decimal == "." else "."
        self._thousands = draw.choice(["", "", other, " " if decimal == "," else other, "'" if decimal == "." else ""])
        self._sign = draw.choice(["", "", "before", "after", "code"])
        self._kind = draw.choice(KINDS)

    def make(self) -> Made:
        header, rows = self._table()
        truth, draw = self.truth, self._draw
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=truth.delimiter, lineterminator=draw.choice(["\n", "\r\n"]))
        title = words.TITLES.get(self._language, "Sales report")
        for line in draw.choice([[], [], [[title]], [[title], ["2026"]], [[title], []]]):
            writer.writerow(line)
        writer.writerow(header)
        writer.writerows(rows)
        text = out.getvalue()
        truth.text = text
        return Made(self._seed, self._encoded(text), truth)

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode(self.truth.encoding)
        except UnicodeEncodeError:
            self.truth.encoding = "utf-8"
            return text.encode()

    def _table(self) -> tuple[list[str], list[list[str]]]:
        draw, truth, kind = self._draw, self.truth, self._kind
        names = words.HEADERS[self._language]
        roles = ["sale_id", "date"] if kind != "takings" else ["date", "store_id"]
        roles += draw.sample(["line_key", "store_id", "product_id", "product_name", "status"], draw.randint(1, 4))
        if kind == "takings":
            roles = ["date", "store_id", "amount"]
        elif "product_id" not in roles and "product_name" not in roles:
            roles.append("product_name")
        roles += {
            "computed": ["quantity", "unit_price"],
            "total": ["quantity", "unit_price", "amount"],
            "net-tax-gross": ["quantity", "unit_price", "net_amount", "tax", "gross_amount"],
            "gross-tax": ["quantity", "unit_price", "tax", draw.choice(["gross_amount", "amount"])],
            "discounted": ["quantity", "unit_price", "discount", draw.choice(["net_amount", "amount"])],
            "discount-only": ["quantity", "unit_price", "discount"],
            "takings": [],
        }[kind]
        roles = list(dict.fromkeys(roles))
        truth.amount = "gross" if kind == "gross-tax" else "net"
        spell: Callable[[str], str] = draw.choice(SPELLINGS)
        truth.columns = {role: spell(draw.choice(names[role])).strip() for role in roles}
        extras = draw.sample(names["extra"], draw.randint(0, 2))
        order = [*roles, *(f"extra {name}" for name in extras)]
        draw.shuffle(order)
        rows = [self._cells(row, order) for row in self._facts(roles)]
        if draw.random() < 0.3 and kind != "takings":
            draw.shuffle(rows)
        truth.rows = len(rows)
        header = [name.removeprefix("extra ") if name.startswith("extra ") else truth.columns[name] for name in order]
        return header, rows

    def _facts(self, roles: list[str]) -> list[dict[str, object]]:
        draw, truth = self._draw, self.truth
        stores = words.STORES.get(self._language, ["North", "South"])
        span = draw.choice([9, 40, 300])
        start = date(2026, draw.randint(1, 3), 1) if span == 9 else date(2025, draw.randint(1, 12), draw.randint(1, 28))
        first = draw.choice([1, 1001, 480_000])
        letters = draw.choice(["", "", "INV-", "B"])
        back = draw.choice(["", "C", "R-", "GS"]) if "sale_id" in roles and "status" not in roles else ""
        statuses = dict(words.STATUSES[self._language])
        if draw.random() < 0.15 and self._language in words.STRANGE:
            statuses[words.STRANGE[self._language]] = "pending"
        sales = draw.randint(8, 90)
        facts: list[dict[str, object]] = []
        rate = draw.choice([Decimal("0.19"), Decimal("0.2"), Decimal("0.07"), Decimal("0.1")])
        for number in range(sales):
            moment = datetime.combine(start + timedelta(days=number * span // sales), datetime.min.time())
            moment += timedelta(minutes=draw.randint(540, 1200)) if self._timed else timedelta()
            taken = bool(back) and draw.random() < 0.1
            sale = f"{back if taken else letters}{first + number}"
            word = draw.choice(list(statuses))
            returned = taken or ("status" in roles and statuses[word] == "returned")
            lines = 1 if self._kind == "takings" else draw.randint(1, 4)
            for line in range(1, lines + 1):
                facts.append(  # noqa: PERF401 - what a sale has in common is drawn once
                    self._line(draw, roles, rate, sign=-1 if returned else 1)
                    | {
                        "sale_id": sale,
                        "line_key": str(line),
                        "date": moment,
                        "status": word,
                        "store_id": stores[number % len(stores)],
                        "product": (line * 7 + number) % len(words.PRODUCTS[self._language]),
                    }
                )
            if taken:
                truth.prefix = back
            if "status" in roles:
                truth.statuses[word] = statuses[word]
        return facts

    def _line(self, draw: Random, roles: list[str], rate: Decimal, *, sign: int) -> dict[str, object]:
        place = Decimal(1) if self._whole else CENT
        price = Decimal(draw.randint(100, 499_900) if draw.random() < 0.3 else draw.randint(50, 9_999)) / 100
        price = max(price, Decimal(1)).quantize(place, ROUND_HALF_UP)
        quantity = Decimal(sign * draw.choice([1, 1, 2, 3, 12]))
        full = quantity * price
        discount = (
            (full * draw.choice([0, 0, 5, 10]) / 100).quantize(place, ROUND_HALF_UP)
            if "discount" in roles
            else Decimal(0)
        )
        net = full - discount
        tax = (net * rate).quantize(place, ROUND_HALF_UP)
        self.truth.net += net
        gross = net + tax
        amount = gross if self.truth.amount == "gross" else net
        return {
            "quantity": quantity,
            "unit_price": price,
            "discount": discount,
            "net_amount": net,
            "tax": tax,
            "gross_amount": gross,
            "amount": amount,
        }

    def _cells(self, fact: dict[str, object], order: list[str]) -> list[str]:
        return [self._cell(fact, role) for role in order]

    def _cell(self, fact: dict[str, object], role: str) -> str:
        draw = self._draw
        if role.startswith("extra "):
            return draw.choice(["", "x", "Cash", str(draw.randint(1, 99_999))])
        if role == "product_name":
            return words.PRODUCTS[self._language][int(str(fact["product"]))]
        if role == "product_id":
            return f"P{int(str(fact['product'])) + 100}"
        value = fact[role]
        if isinstance(value, datetime):
            return self._date(value)
        if isinstance(value, Decimal):
            return self._number(value, money=role != "quantity")
        return str(value)

    def _date(self, moment: datetime) -> str:
        text = moment.strftime(self.truth.date_format)
        if self._padded:
            return text
        for sign in "./-":
            text = sign.join(part.lstrip("0") if len(part) == 2 else part for part in text.split(sign))
        return text

    def _number(self, value: Decimal, *, money: bool) -> str:
        whole, _, fraction = f"{abs(value):f}".partition(".")
        if self._thousands:
            whole = f"{int(whole):,}".replace(",", self._thousands)
        text = whole + (self.truth.decimal + fraction if fraction else "")
        text = f"-{text}" if value < 0 else text
        sign = words.SIGNS[self.truth.currency]
        if not money or not self._sign:
            return text
        return {"before": f"{sign}{text}", "after": f"{text} {sign}", "code": f"{text} {self.truth.currency}"}[
            self._sign
        ]
