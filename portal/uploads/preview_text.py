"""The uploads area's words for what a file says of itself: columns, evidence, questions and their answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tillstream.detection.evidence import Finding, Question
from tillstream.domain.contract.model import MAPPED

COLUMNS = {
    "sale_id": "Sale number", "line_key": "Line of the sale", "source_version": "Version", "region": "Region",
    "store_id": "Store", "salesperson_id": "Salesperson", "customer_id": "Customer number",
    "customer_name": "Customer", "product_id": "Product number", "product_name": "Product", "category": "Category",
    "channel": "Channel", "status": "Status", "sold_at": "Time of sale (UTC)", "sale_date": "Day of sale",
    "date": "Date", "time": "Time", "country": "Country", "quantity": "Quantity", "unit_price": "Price of one",
    "discount": "Discount", "discount_rate": "Discount", "tax": "Tax", "net_amount": "Net amount",
    "gross_amount": "Amount with tax", "currency": "Currency", "unit_cost": "Cost of one",
    "returns_sale_id": "Takes back sale",
}  # fmt: skip
MAY_BECOME = tuple(name for name in COLUMNS if name in MAPPED)
"""What a header may be said to be, in the order in which people look for it."""
CHANGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("date_order", ("DMY", "MDY", "YMD")),
    ("decimal", (".", ",")),
    ("delimiter", (",", ";", "tab", "|")),
    ("encoding", ("utf-8", "cp1252", "latin-1", "cp850", "utf-16-le", "cp932")),
    ("header", ()),
    ("currency", ()),
    ("country", ()),
    ("time_zone", ()),
)
"""What was found and may be said otherwise: key, and its answers where they are few."""
ABOUT = {
    "encoding": "Letters", "delimiter": "Between the cells", "header": "Header", "decimal": "Sign of fractions",
    "thousands": "Sign of thousands", "date_order": "Order in dates", "dates": "Dates", "language": "Month names",
    "currency": "Currency", "time_zone": "Time zone", "returns": "Returns", "region": "Region", "country": "Country",
    "identity": "Sales are named by", "identity.ids": "Sale numbers", "identity.id_prefix": "Prefix of sale numbers",
    "amount": "Total", "prices": "Prices", "discount": "Discount", "tax_rate": "Tax rate",
}  # fmt: skip
FAMILIES = {"column": "Column", "status": "Status", "missing": "No value"}
CHOICES: dict[str, dict[str, str]] = {
    "date_order": {"DMY": "day, month, year", "MDY": "month, day, year", "YMD": "year, month, day"},
    "decimal": {".": "a point: 1.5 is one and a half", ",": "a comma: 1,5 is one and a half"},
    "delimiter": {"tab": "tabs", ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"},
    "amount": {"net": "before tax", "gross": "with tax"},
    "prices": {"net": "before tax", "gross": "with tax"},
    "discount": {"amount": "an amount of money", "rate": "a part of one, 0.1 is ten per cent", "percent": "per cent"},
    "status": {
        "completed": "completed: it counts",
        "pending": "pending: it counts, and is shown apart",
        "cancelled": "cancelled: it does not count",
        "returned": "returned: it is taken off",
    },
    "missing": {"yes": "yes, the cell is empty", "no": "no, it is a value"},
    "identity": {"content": "everything in the row together"},
}
ASKS = {
    "region": "Whose sales are these?",
    "country": "In which country were they sold?",
    "currency": "In which currency are the amounts?",
    "time_zone": "In which time zone are the times?",
    "date_order": "How are the dates to be read?",
    "decimal": "Which sign stands before the fraction?",
    "identity": "What names one sale line?",
}
"""Where a shop asks otherwise than the command line."""
HINTS = {
    "region": "The region that the numbers are reported to.",
    "country": "Leave a - where it is to stay open.",
    "time_zone": "Such as Europe/London or Asia/Kolkata.",
    "currency": "Three letters, such as EUR.",
    "tax_rate": "As a part of one, such as 0.19; 0 where there is none.",
    "header": "The number of the line; 0 where no line names the columns.",
}
SURE = {"certain": ("certain", "good"), "likely": ("likely", "quiet"), "assumed": ("assumed: look here first", "ask")}


def asks(question: Question) -> str:
    return ASKS.get(question.key, question.words)


def answers_to(key: str, said: str) -> str:
    return CHOICES.get(key, {}).get(said, said)


def hint(question: Question) -> str:
    return HINTS.get(question.key, "")


def choice(question: Question, said: str) -> str:
    """An answer as a person reads it."""
    words = CHOICES.get(question.key) or CHOICES.get(question.key.partition(".")[0], {})
    if said == "-" and said not in words:
        return "none of them"
    return words.get(said, said.replace(",", " and ") if question.key == "identity" else said)


def about(finding: Finding) -> str:
    known = ABOUT.get(finding.about)
    family, _, rest = finding.about.partition(".")
    if known or not rest:
        return known or finding.about
    return COLUMNS.get(rest, rest) if family == "column" else f"{FAMILIES.get(family, family)} “{rest}”"


def value(finding: Finding) -> str:
    """What was found, without the signs of programs."""
    words = CHOICES.get(finding.about) or CHOICES.get(finding.about.partition(".")[0], {})
    said = words.get(finding.value, finding.value)
    return {" ": "a space", ",": "a comma", ".": "a point", "'": "an apostrophe"}.get(said, said)


def becomes(column: str) -> str:
    return COLUMNS.get(column, column)


def shown(said: Any) -> str:
    """A value as it will stand in the numbers."""
    if said is None or said == "":
        return "–"
    if isinstance(said, datetime):
        return f"{said.day} {said:%b %Y, %H:%M}"
    if isinstance(said, date):
        return f"{said.day} {said:%b %Y}"
    if isinstance(said, Decimal):
        text = f"{said:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(said)
