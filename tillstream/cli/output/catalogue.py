"""Terminal output of catalogue commands."""

from typing import Any

from tillstream.cli.output.tables import print_line

SHOWN = 20
"""Problems that are printed; --json has more."""


def show_import(data: dict[str, Any]) -> None:
    for one in data["problems"][:SHOWN]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    count = data["problem_count"]
    if count > SHOWN:
        print_line(f"… and {count - SHOWN:,} more")
    if data["ignored_columns"]:
        print_line(f"Columns that are not read: {', '.join(data['ignored_columns'])}")
    changes = f"{data['added']:,} added, {data['changed']:,} changed, of {data['rows']:,} rows"
    if count:
        print_line(f"Nothing was imported: {count:,} {'problem' if count == 1 else 'problems'}.")
    else:
        print_line(
            f"{data['file']}: {changes}." if data["imported"] else f"{data['file']} would be imported: {changes}."
        )


def show_export(data: dict[str, Any]) -> None:
    print_line(f"The {data['kind']} are in {data['file']}.")
