"""Output of the commands `goals …`."""

from decimal import Decimal
from typing import Any

from tillstream.cli.output.tables import print_line, show_rows
from tillstream.model.money import round_to_digits

SHOWN = 20
"""Rows to fix that are printed; --json has all."""
COLUMNS = (
    "target", "currency", "goal", "sold", "of goal", "complete until", "sold until then", "expected until then",
    "end of month", "needed a day",
)  # fmt: skip
"""sold until then: of the days that the expected part of the goal is for."""


def show_standings(data: dict[str, Any]) -> None:
    """Print the standings of a month."""
    if not any(row["goal"] for row in data["rows"]):
        print_line(f"There are no goals for {data['month']}. Import them with: tillstream goals import FILE")
    rows = [dict(zip(COLUMNS, _cells(row), strict=True)) for row in data["rows"]]
    name = f"goals of {data['month']}, {data['measure']}"
    show_rows({"name": name, "columns": list(COLUMNS), "rows": rows, "cut": False})


def show_import(data: dict[str, Any]) -> None:
    """Print what was saved, and the rows that were not."""
    for one in data["refused"][:SHOWN]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    if len(data["refused"]) > SHOWN:
        print_line(f"… and {len(data['refused']) - SHOWN:,} more")
    if data["ignored_columns"]:
        print_line(f"Columns that are not read: {', '.join(data['ignored_columns'])}")
    done = "saved" if data["saved"] else "would be saved"
    months = f" for {', '.join(data['months'])}" if data["months"] else ""
    print_line(f"{data['file']}: {data['goals']:,} goals {done}{months}; {len(data['refused']):,} rows to fix.")


def _cells(row: dict[str, Any]) -> list[Any]:
    names = [row[name] for name in ("region", "store", "salesperson", "category") if row[name]]
    reached = f"{Decimal(row['reached']):.0%}" if row["reached"] else None
    sold = _rounded(str(Decimal(row["sold"]) + Decimal(row["sold_since"])))
    numbers = (row[name] for name in ("sold", "expected", "projected", "required_per_day"))
    return [
        " / ".join(names) or "company",
        row["currency"],
        _rounded(row["goal"]),
        sold,
        reached,
        row["complete_through"],
        *map(_rounded, numbers),
    ]


def _rounded(text: str | None) -> str | None:
    return None if text is None else f"{round_to_digits(Decimal(text), 0):,f}"
