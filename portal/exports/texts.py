"""Texts of the exports."""

from collections.abc import Iterable


def no_table(name: str, tables: Iterable[str]) -> str:
    return f"There is no table {name}. Use one of: {', '.join(tables)}."
