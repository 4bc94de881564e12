"""Display texts of what was detected in a file: columns, findings, values, and data sources that it fits."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.reader_locale import day_text
from portal.uploads import question_texts
from tillstream.detection.columns.column_uses import ColumnUse
from tillstream.detection.evidence import ANSWERED, DetectionFinding
from tillstream.model.contract import MAPPABLE_COLUMNS

COLUMNS = {
    "sale_id": "Sale number", "line_key": "Line of the sale", "source_version": "Version", "region": "Region",
    "store_id": "Store", "salesperson_id": "Salesperson", "customer_id": "Customer number",
    "customer_name": "Customer name", "product_id": "Product number", "product_name": "Product name",
    "category": "Category", "channel": "Channel", "status": "Status", "sold_at": "Time of sale (UTC)",
    "sale_date": "Day of sale",
    "date": "Date", "time": "Time", "country": "Country", "quantity": "Quantity", "unit_price": "Unit price",
    "discount": "Discount", "discount_rate": "Discount rate", "tax": "Tax", "net_amount": "Net amount",
    "gross_amount": "Amount with tax", "currency": "Currency", "unit_cost": "Unit cost",
    "returns_sale_id": "Returns sale",
}  # fmt: skip
ABOUT = {
    "encoding": "Character encoding", "delimiter": "Delimiter", "header": "Header", "sheet": "Sheet",
    "decimal": "Decimal separator", "thousands": "Thousands separator",
    "date_order": "Date order", "date": "Day in the file name", "dates": "Dates", "language": "Month names",
    "era": "Years", "currency": "Currency", "time_zone": "Time zone", "returns": "Returns", "region": "Region",
    "country": "Country",
    "identity": "Sales identified by", "identity.ids": "Sale numbers", "identity.id_prefix": "Prefix of sale numbers",
    "units": "Units", "amounts": "Amounts", "amount": "Total", "prices": "Prices", "discount": "Discount",
    "tax": "Tax", "tax_rate": "Tax rate", "line_total": "Line total", "once": "Counted once",
    "order_total": "Total of the order", "discount.sign": "Sign of the discount",
    "discount.order": "Discount of the order", "overlap": "Duplicates", "ignore_where": "Rows left out",
    "total_rows": "Total rows", "source": "Recognised as", "event": "Step that counts",
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
SURENESS = {
    "assumed": "assumed: check this first",
    "likely": "likely",
    "certain": "certain",
    "answered": "your answer",
}
"""How sure a finding is."""
UNUSED = {"extra": "not used; kept with each line", "ignored": "not used; it has no values"}
"""How a column is used that is not mapped."""
IDENTIFIES = "identifies the sale"
SEPARATORS = {" ": "a space", ",": "a comma", ".": "a point", "'": "an apostrophe"}

MAY_BECOME = tuple(name for name in COLUMNS if name in MAPPABLE_COLUMNS)
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
AMOUNTS = frozenset({"unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"})
SURE = {
    "assumed": (SURENESS["assumed"], "ask"),
    "likely": (SURENESS["likely"], "quiet"),
    "certain": (SURENESS["certain"], "good"),
    "answered": (SURENESS["answered"], "good"),
}
"""How sure a finding is, least sure first: label and tone."""

SEVERAL_FIT = "It may be a file of several of your data sources. Choose one in its preview."


def both(uses: Iterable[str]) -> str:
    return " and ".join(uses)


def column_use(column: ColumnUse) -> str:
    """How a column of the file is used."""
    if column.use != "mapped":
        return UNUSED[column.use]
    return both(COLUMNS.get(role, IDENTIFIES) for role in column.roles)


def option(key: str) -> str:
    """Name of a detected property."""
    return ABOUT[key]


def sure(finding: DetectionFinding) -> str:
    return "answered" if finding.evidence == ANSWERED else finding.sure


def about(finding: DetectionFinding) -> str:
    label = ABOUT.get(finding.about)
    family, _, rest = finding.about.partition(".")
    if label or not rest:
        return label or finding.about
    return COLUMNS.get(rest, rest) if family == "column" else f"{FAMILIES.get(family, family)} “{rest}”"


def value(finding: DetectionFinding) -> str:
    """Display text of a detected value."""
    text = question_texts.answers_to(finding.about, finding.value)
    return SEPARATORS.get(text, text)


def becomes(column: str) -> str:
    return COLUMNS.get(column, column)


def shown(value: Any, column: str = "") -> str:
    """A parsed value of a column of a sale line, formatted; amounts with at least two decimals."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return f"{day_text(value)}, {value:%H:%M}"
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Decimal):
        text = f"{round(value, 4) if column in AMOUNTS else value:,f}"
        if column in AMOUNTS:
            whole, _, decimals = text.partition(".")
            return f"{whole}.{decimals.rstrip('0'):0<2}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def looks_like(source: str) -> str:
    return f"It looks like a file of {source}. Nothing is imported until you confirm it."


def none_fits(open_questions: int) -> str:
    if not open_questions:
        return "None of your data sources fits it: a new one is proposed."
    count = "one question is" if open_questions == 1 else f"{open_questions} questions are"
    return f"None of your data sources fits it: {count} open."
