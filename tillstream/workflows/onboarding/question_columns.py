"""The column of a file that a question or a finding concerns."""

from collections.abc import Mapping

from tillstream.detection.evidence import CONFIRM_COLUMN, NO_COLUMN, DetectionFinding, DetectionQuestion
from tillstream.detection.sheet import Sheet

_TOTALS = ("net_amount", "gross_amount", "unit_price")
_ROLES: dict[str, tuple[str, ...]] = {
    "date_order": ("date",),
    "dates": ("date",),
    "language": ("date",),
    "era": ("date",),
    "half_converted": ("date",),
    "status": ("status",),
    "returns": ("status", "quantity", *_TOTALS),
    "amount": ("net_amount", "gross_amount"),
    "amounts": _TOTALS,
    "prices": ("unit_price", *_TOTALS),
    "decimal": (*_TOTALS, "quantity"),
    "thousands": (*_TOTALS, "quantity"),
    "minor_units": _TOTALS,
    "multiple": _TOTALS,
    "quantity_decimals": ("quantity",),
    "missing_quantity": ("quantity",),
    "discount": ("discount", "discount_rate"),
    "discount_confirmed": ("discount", "discount_rate"),
    "negative": _TOTALS,
    "tax": ("tax",),
    "tax_rate": ("tax",),
}
"""Key → columns of a sale line; it concerns the first of them that is mapped."""
_OF_HEADER = frozenset({"subtract", "once", "repeats"})
_OF_WORD = frozenset({"missing", "rows", "ignore"})
_OF_ROLE_WORD = frozenset({"status", "currency"})


def of_question(question: DetectionQuestion, columns: Mapping[str, str], sheet: Sheet) -> str:
    """Return the header that a question concerns, or an empty string if it concerns the whole file.

    columns: column of a sale line → header, as mapped so far.
    """
    named = [choice for choice in question.choices if choice != NO_COLUMN]
    if question.key.startswith("column.") and (question.kind == CONFIRM_COLUMN or len(named) == 1):
        return named[0] if named[0] in sheet.columns else ""
    return _of_key(question.key, columns, sheet)


def of_finding(finding: DetectionFinding, columns: Mapping[str, str], sheet: Sheet) -> str:
    """As `of_question`, for a finding."""
    if finding.about.startswith("column."):
        return finding.value if finding.value in sheet.columns else ""
    return _of_key(finding.about, columns, sheet)


def _of_key(key: str, columns: Mapping[str, str], sheet: Sheet) -> str:
    family, point, suffix = key.partition(".")
    if point and family in _OF_HEADER:
        return suffix if suffix in sheet.columns else ""
    if point and family in _OF_WORD:
        return next((name for name, column in sheet.columns.items() if suffix in column.words), "")
    if point and family in _OF_ROLE_WORD:
        return _mapped((family,), columns, sheet)
    return _mapped(_ROLES.get(key, ()), columns, sheet)


def _mapped(roles: tuple[str, ...], columns: Mapping[str, str], sheet: Sheet) -> str:
    return next((columns[role] for role in roles if columns.get(role) in sheet.columns), "")
