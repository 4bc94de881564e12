"""Texts of the exports."""

from collections.abc import Iterable

SHEET = "Tillstream"
"""Name of the sheet of a workbook."""


def no_table(name: str, tables: Iterable[str]) -> str:
    return f"There is no table {name}. Use one of: {', '.join(tables)}."


def no_format(name: str, formats: Iterable[str]) -> str:
    return f"There is no format {name}. Use one of: {', '.join(formats)}."
