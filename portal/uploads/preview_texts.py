"""Display texts of what was detected in a file: columns, findings, values, data sources that it fits, questions."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.reader_locale import day_text
from portal.translation import N_, _
from tillstream.detection.columns.column_uses import ColumnUse
from tillstream.detection.evidence import ANSWERED, CONFIRM_COLUMN, NO_COLUMN, DetectionFinding, DetectionQuestion
from tillstream.model.contract import MAPPABLE_COLUMNS

COLUMNS = N_({
    "sale_id": "Sale number", "line_key": "Line of the sale", "source_version": "Version", "region": "Region",
    "store_id": "Store", "salesperson_id": "Salesperson", "customer_id": "Customer number",
    "customer_name": "Customer name", "product_id": "Product number", "product_name": "Product name",
    "category": "Category", "channel": "Channel", "status": "Status", "sold_at": "Time of sale (UTC)",
    "sale_date": "Day of sale",
    "date": "Date", "time": "Time", "country": "Country", "quantity": "Quantity", "unit_price": "Unit price",
    "discount": "Discount", "discount_rate": "Discount rate", "tax": "Tax", "net_amount": "Net amount",
    "gross_amount": "Amount with tax", "currency": "Currency", "unit_cost": "Unit cost",
    "returns_sale_id": "Returns sale",
})  # fmt: skip
ABOUT = N_({
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
})  # fmt: skip
FAMILIES = N_(
    {
        "column": "Column",
        "currency": "Currency",
        "status": "Status",
        "missing": "No value",
        "subtract": "Subtracted",
        "once": "Counted once",
        "rows": "Rows with",
        "ignore": "Rows left out",
    }
)
UNUSED = N_({"extra": "not used; kept with each line", "ignored": "not used; it has no values"})
"""How a column is used that is not mapped."""
SEPARATORS = N_({" ": "a space", ",": "a comma", ".": "a point", "'": "an apostrophe"})
CHOICES: dict[str, dict[str, str]] = N_(
    {
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
        "negative": {"yes": "yes, turn the signs around", "no": "no, they take back sales"},
        "total_rows": {"yes": "yes, ignore them", "no": "no, they are sales"},
        "subtract": {"yes": "yes, subtract it", "with_tax": "yes, and it contains tax", "no": "no"},
        "ignore": {"yes": "yes, leave them out", "no": "no, they are sales"},
        "repeats": {"sales": "yes, all of them are sales"},
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
)
ASKS = N_(
    {
        "region": "Which region are these sales from?",
        "country": "In which country were they sold?",
        "time_zone": "In which time zone are the times?",
        "date_order": "In which order are the dates written?",
        "decimal": "Which decimal separator is used?",
        "identity": "What identifies one sale line?",
        "header": "Which line contains the column names?",
        "tax_rate": "What is the tax rate?",
    }
)
"""Questions with another wording than on the command line."""
HINTS = N_(
    {
        "region": "The region that the numbers are reported to. Choose one, or enter the name of a new one.",
        "time_zone": "Such as Europe/London or Asia/Kolkata.",
        "currency": "Three letters, such as EUR.",
        "date": "The format of the day in the file name, such as %Y-%m-%d.",
        "tax_rate": "As a fraction: 0.19 for 19 percent, or 0 for no tax.",
        "header": "The line number of the header. Enter 0 if there is no header.",
    }
)

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
    "assumed": (N_("assumed: check this first"), "ask"),
    "likely": (N_("likely"), "quiet"),
    "certain": (N_("certain"), "good"),
    "answered": (N_("your answer"), "good"),
}
"""How sure a finding is, least sure first: label and tone."""


def both(uses: Iterable[str]) -> str:
    return _(" and ").join(uses)


def column_use(column: ColumnUse) -> str:
    """How a column of the file is used."""
    if column.use != "mapped":
        return UNUSED[column.use]
    return both(COLUMNS.get(role, _("identifies the sale")) for role in column.roles)


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
    text = answers_to(finding.about, finding.value)
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


def none_fits(open_questions: int) -> str:
    if not open_questions:
        return _("None of your data sources fits it: a new one is proposed.")
    count = (
        _("one question is")
        if open_questions == 1
        else _("{open_questions} questions are", open_questions=open_questions)
    )
    return _("None of your data sources fits it: {count} open.", count=count)


def asks(question: DetectionQuestion) -> str:
    return ASKS.get(question.key, question.words)


def answers_to(key: str, answer: str) -> str:
    return _answers(key).get(answer, answer)


def hint(question: DetectionQuestion) -> str:
    return HINTS.get(question.key, "")


def choice(question: DetectionQuestion, answer: str) -> str:
    """Display text of an answer."""
    if question.kind == CONFIRM_COLUMN:
        return _("no") if answer == NO_COLUMN else _("yes")
    words = _answers(question.key)
    if answer == NO_COLUMN and answer not in words:
        return question.none or _("not known")
    if question.key == "date":
        return answer.replace("%d", _("day")).replace("%m", _("month")).replace("%Y", _("year"))
    return words.get(answer, answer.replace(",", _(" and ")) if question.key == "identity" else answer)


def _answers(key: str) -> dict[str, str]:
    """Answer → text, of a key or of its family."""
    return CHOICES.get(key) or CHOICES.get(key.partition(".")[0], {})
