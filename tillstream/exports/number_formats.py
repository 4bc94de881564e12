"""How the numbers, days and times of a column are shown, as formats of spreadsheets."""

import pyarrow as pa

DAY, TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
WHOLE, FRACTION, SHARE = "#,##0", "#,##0.00", "0.0%"
PLAIN = ""
"""Texts, and numbers that are names, such as those of settlements."""
SHARES = ("_share", "_growth", "_rate")
"""Endings of columns that are fractions of 1."""
NAMES = ("_no", "_seq", "_number", "_version")


def number_format(field: pa.Field, digits: int | None = None) -> str:
    """One of the formats above, by the type and the name of a column. digits: of amounts, else None."""
    if pa.types.is_date(field.type):
        return DAY
    if pa.types.is_timestamp(field.type):
        return TIME
    if pa.types.is_integer(field.type):
        return PLAIN if field.name.endswith(NAMES) else WHOLE
    if pa.types.is_decimal(field.type) or pa.types.is_floating(field.type):
        if digits is not None:
            return f"{WHOLE}.{'0' * digits}".rstrip(".")
        return SHARE if field.name.endswith(SHARES) else FRACTION
    return PLAIN
