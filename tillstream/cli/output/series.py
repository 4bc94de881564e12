"""Output of the commands `series …`."""

from typing import Any

from tillstream.cli.output.tables import print_line, show_rows

SHOWN = 20
COLUMNS = ("name", "rows", "first", "last", "regions", "by", "at")


def show_import(data: dict[str, Any]) -> None:
    """Print what was imported, or why nothing was."""
    for one in data["problems"][:SHOWN]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    if data["problems"]:
        print_line(f"Nothing was imported: {len(data['problems']):,} rows have a problem.")
        return
    print_line(
        f"{data['name']}: {data['rows']:,} values from {data['first']} to {data['last']}. The next forecast uses them."
    )


def show_list(data: list[dict[str, Any]]) -> None:
    """Print the series."""
    rows = [{**one, "regions": ", ".join(one["regions"]) or "all"} for one in data]
    show_rows({"name": "series", "columns": list(COLUMNS), "rows": rows, "cut": False})


def show_removed(data: dict[str, Any]) -> None:
    """Print what was removed."""
    print_line(f"The series {data['name']} is removed. The next forecast does not use it.")
