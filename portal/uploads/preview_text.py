"""Display texts of what was detected in a file: columns, evidence, questions and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tillstream.detection.columns.accounted import ColumnUse
from tillstream.detection.evidence import Finding, Question
from tillstream.domain.contract.model import MAPPED

COLUMNS = {
    "sale_id": "Sale number", "line_key": "Line of the sale", "source_version": "Version", "region": "Region",
    "store_id": "Store", "salesperson_id": "Salesperson", "customer_id": "Customer number",
    "customer_name": "Customer", "product_id": "Product number", "product_name": "Product", "category": "Category",
    "channel": "Channel", "status": "Status", "sold_at": "Time of sale (UTC)", "sale_date": "Day of sale",
    "date": "Date", "time": "Time", "country": "Country", "quantity": "Quantity", "unit_price": "Unit price",
    "discount": "Discount", "discount_rate": "Discount", "tax": "Tax", "net_amount": "Net amount",
    "gross_amount": "Amount with tax", "currency": "Currency", "unit_cost": "Unit cost",
    "returns_sale_id": "Returns sale",
}  # fmt: skip
MAY_BECOME = tuple(name for name in COLUMNS if name in MAPPED)
"""Columns that a header may be mapped to, in display order."""
CHANGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("date_order", ("DMY", "MDY", "YMD")),
    ("decimal", (".", ",")),
    ("delimiter", (",", ";", "tab", "|")),
    ("encoding", ("utf-8", "cp1252", "latin-1", "cp850", "utf-16-le", "cp932")),
    ("header", ()),
    ("total_rows", ("yes", "no")),
    ("sheet", ()),
    ("currency", ()),
    ("country", ()),
    ("time_zone", ()),
)
"""Detected properties that the user may override: key, and its answers if they are few."""
ABOUT = {
    "encoding": "Encoding", "delimiter": "Delimiter", "header": "Header", "sheet": "Sheet",
    "decimal": "Decimal separator", "thousands": "Thousands separator",
    "date_order": "Date order", "date": "Day in the file name", "dates": "Dates", "language": "Month names",
    "era": "Years", "currency": "Currency", "time_zone": "Time zone", "returns": "Returns", "region": "Region",
    "country": "Country",
    "identity": "Sales identified by", "identity.ids": "Sale numbers", "identity.id_prefix": "Prefix of sale numbers",
    "units": "Units", "amounts": "Amounts", "amount": "Total", "prices": "Prices", "discount": "Discount",
    "tax": "Tax", "tax_rate": "Tax rate", "line_total": "Line total", "once": "Counted once",
    "order_total": "Total of the order", "discount.sign": "Sign of the discount",
    "discount.order": "Discount of the order", "overlap": "Known sales", "ignore_where": "Rows left out",
    "total_rows": "Total rows", "event": "Step that counts",
}  # fmt: skip
FAMILIES = {
    "column": "Column",
    "currency": "Currency",
    "status": "Status",
    "missing": "No value",
    "subtract": "Subtracted",
    "once": "Counted once",
    "rows": "Rows with",
    "ignore": "Rows left out",
}
CHOICES: dict[str, dict[str, str]] = {
    "date_order": {"DMY": "day, month, year", "MDY": "month, day, year", "YMD": "year, month, day"},
    "decimal": {".": "a point: 1.5 is one and a half", ",": "a comma: 1,5 is one and a half"},
    "delimiter": {"tab": "tabs", ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"},
    "amount": {"net": "before tax", "gross": "with tax"},
    "prices": {"net": "before tax", "gross": "with tax"},
    "discount": {"amount": "an amount of money", "rate": "a fraction: 0.1 is 10 percent", "percent": "percent"},
    "tax": {"amount": "an amount of money", "rate": "a fraction: 0.2 is 20 percent", "percent": "percent"},
    "status": {
        "completed": "completed: it counts",
        "pending": "pending: it counts, and is shown separately",
        "cancelled": "cancelled: it does not count",
        "returned": "returned: it is subtracted",
        "ignore": "not a sale: the row is ignored",
    },
    "returns": {
        "subtract": "returns beside their sales: subtract them",
        "cancel": "the sales themselves: they do not count",
        "keep": "no returns: their totals count as they are",
    },
    "half_converted": {"swap": "yes, swap them back", "keep": "no, keep them as they are"},
    "minor_units": {"yes": "yes, in cents or the like", "no": "no"},
    "multiple": {"yes": "yes, multiply them", "no": "no, they are as they are"},
    "quantity_decimals": {"yes": "yes", "no": "no, it is a thousand or more"},
    "total_rows": {"yes": "yes, ignore them", "no": "no, they are sales"},
    "subtract": {"yes": "yes, subtract it", "with_tax": "yes, and it contains tax", "no": "no"},
    "ignore": {"yes": "yes, leave them out", "no": "no, they are sales"},
    "once": {"yes": "yes, once for the order", "no": "no, for each line"},
    "event": {"all": "each row is a sale of its own"},
    "rows": {
        "subtract": "they take back sales: subtract them",
        "ignore": "they are no sales: do not count them",
        "keep": "they are sales like the others",
    },
    "missing": {"yes": "yes, the cell is empty", "no": "no, it is a value"},
    "identity": {"content": "everything in the row together"},
    "overlap": {"same": "the same sales: they count once", "different": "different sales: they count as well"},
}
ASKS = {
    "region": "Which region are these sales from?",
    "country": "In which country were they sold?",
    "time_zone": "In which time zone are the times?",
    "date_order": "In which order are the dates written?",
    "decimal": "Which decimal separator is used?",
    "identity": "What identifies one sale line?",
}
"""Questions with another wording than on the command line."""
HINTS = {
    "region": "The region that the numbers are reported to.",
    "country": "Enter - to leave it empty.",
    "time_zone": "Such as Europe/London or Asia/Kolkata.",
    "currency": "Three letters, such as EUR.",
    "date": "The format of the day in the file name, such as %Y-%m-%d.",
    "tax_rate": "As a fraction, such as 0.19. Enter 0 for no tax.",
    "header": "The line number of the header. Enter 0 if there is no header.",
}
SURE = {"certain": ("certain", "good"), "likely": ("likely", "quiet"), "assumed": ("assumed: check this first", "ask")}


def asks(question: Question) -> str:
    return ASKS.get(question.key, question.words)


def answers_to(key: str, answer: str) -> str:
    return CHOICES.get(key, {}).get(answer, answer)


def hint(question: Question) -> str:
    return HINTS.get(question.key, "")


def choice(question: Question, answer: str) -> str:
    """Display text of an answer."""
    words = CHOICES.get(question.key) or CHOICES.get(question.key.partition(".")[0], {})
    if answer == "-" and answer not in words:
        return question.none
    if question.none == "no" and len(question.choices) == 2:
        return f"yes, {answer}"
    if question.key == "date":
        return answer.replace("%d", "day").replace("%m", "month").replace("%Y", "year")
    return words.get(answer, answer.replace(",", " and ") if question.key == "identity" else answer)


def column_use(column: ColumnUse) -> str:
    """How a column of the file is used."""
    if column.use != "mapped":
        return {"extra": "kept as extra", "ignored": "ignored: it has no values"}[column.use]
    return " and ".join(COLUMNS.get(role, "identifies the sale") for role in column.roles)


def about(finding: Finding) -> str:
    label = ABOUT.get(finding.about)
    family, _, rest = finding.about.partition(".")
    if label or not rest:
        return label or finding.about
    return COLUMNS.get(rest, rest) if family == "column" else f"{FAMILIES.get(family, family)} “{rest}”"


def value(finding: Finding) -> str:
    """Display text of a detected value."""
    words = CHOICES.get(finding.about) or CHOICES.get(finding.about.partition(".")[0], {})
    text = words.get(finding.value, finding.value)
    return {" ": "a space", ",": "a comma", ".": "a point", "'": "an apostrophe"}.get(text, text)


def becomes(column: str) -> str:
    return COLUMNS.get(column, column)


def shown(value: Any) -> str:
    """A parsed value, formatted."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return f"{value.day} {value:%b %Y, %H:%M}"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
