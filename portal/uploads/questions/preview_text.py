"""Display texts of what was detected in a file: columns, findings and values."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.reader_locale import day_text
from portal.uploads.questions import question_text
from portal.uploads.texts import columns as texts
from tillstream.detection.columns.column_uses import ColumnUse
from tillstream.detection.evidence import ANSWERED, DetectionFinding
from tillstream.model.contract import MAPPABLE_COLUMNS

MAY_BECOME = tuple(name for name in texts.COLUMNS if name in MAPPABLE_COLUMNS)
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
    "assumed": (texts.SURE["assumed"], "ask"),
    "likely": (texts.SURE["likely"], "quiet"),
    "certain": (texts.SURE["certain"], "good"),
    "answered": (texts.SURE["answered"], "good"),
}
"""How sure a finding is, least sure first: label and tone."""


def column_use(column: ColumnUse) -> str:
    """How a column of the file is used."""
    if column.use != "mapped":
        return texts.UNUSED[column.use]
    return texts.both(texts.COLUMNS.get(role, texts.IDENTIFIES) for role in column.roles)


def option(key: str) -> str:
    """Name of a detected property."""
    return texts.ABOUT[key]


def sure(finding: DetectionFinding) -> str:
    return "answered" if finding.evidence == ANSWERED else finding.sure


def about(finding: DetectionFinding) -> str:
    label = texts.ABOUT.get(finding.about)
    family, _, rest = finding.about.partition(".")
    if label or not rest:
        return label or finding.about
    return texts.COLUMNS.get(rest, rest) if family == "column" else f"{texts.FAMILIES.get(family, family)} “{rest}”"


def value(finding: DetectionFinding) -> str:
    """Display text of a detected value."""
    text = question_text.answers_to(finding.about, finding.value)
    return texts.SEPARATORS.get(text, text)


def becomes(column: str) -> str:
    return texts.COLUMNS.get(column, column)


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
