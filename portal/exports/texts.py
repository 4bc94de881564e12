"""Texts of the exports."""

from collections.abc import Iterable

FORMATS = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF", "parquet": "Parquet", "jsonl": "JSON lines"}
"""Format → its name in menus."""


def no_table(name: str, tables: Iterable[str]) -> str:
    return f"There is no table {name}. Use one of: {', '.join(tables)}."
