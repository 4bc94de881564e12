"""Generated files in random styles, each with its true layout and content; deterministic for a seed."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random

from bench import detection_words as words
from bench.detection_facts import KINDS, Line, Plan, lines
from bench.detection_styles import Style, drawn


def _joined(name: str) -> str:
    return name.replace(" ", "_")


SPELLINGS: tuple[Callable[[str], str], ...] = (str, str, str.upper, str.lower, _joined)
GROSS = frozenset({"total and tax", "prices with tax"})
"""Kinds whose `amount` includes tax."""


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
    style = drawn(draw)
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
