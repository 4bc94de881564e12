"""Output of the commands `stock …`."""

from typing import Any

from tillstream.cli.output.query_rows import show_table
from tillstream.cli.output.tables import print_line

SHOWN = 20
"""Problems that are printed; --json has more."""
_COLUMNS = (
    "region", "store_name", "product", "product_name", "on_hand", "in_transit", "counted_on", "days_of_cover", "status",
    "stock_cost",
)  # fmt: skip


def show_levels(data: dict[str, Any]) -> None:
    """Print levels with their main columns; --json and --format csv have all."""
    show_table(data | {"columns": [name for name in _COLUMNS if name in data["columns"]]})


def show_import(data: dict[str, Any]) -> None:
    """Print what was recorded, and the rows that were not."""
    for one in data["problems"][:SHOWN]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    if len(data["problems"]) > SHOWN:
        print_line(f"… and {len(data['problems']) - SHOWN:,} more")
    if data["ignored_columns"]:
        print_line(f"Columns that are not read: {', '.join(data['ignored_columns'])}")
    if data["added_up_rows"]:
        print_line(f"{data['added_up_rows']:,} rows were added to other rows of the same product.")
    print_line(f"{data['file']}: {_summary(data)}")


def show_rebuilt(data: dict[str, Any]) -> None:
    print_line(f"{data['levels']:,} levels are computed from {data['movements']:,} movements and the sales.")


def _summary(data: dict[str, Any]) -> str:
    rows = f"{data['good_rows']:,} good rows, {data['refused_rows']:,} to fix"
    if data["movements"] and data["repeated_movements"] == data["movements"]:
        return f"{rows}; all of them were recorded before."
    if not data["recorded"]:
        return f"{rows}; nothing was recorded."
    again = f", {data['repeated_movements']:,} were recorded before" if data["repeated_movements"] else ""
    return f"{rows}; {data['new_movements']:,} movements recorded{again}."
