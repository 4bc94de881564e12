"""Output of `query`: a table for people, CSV for spreadsheets, JSON for programs."""

import csv
import io
import json
import re
from typing import Any

import click

from tillstream.model.text import guard_formulas

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""Numbers are never formulas, and decimals are texts in results."""


def show_csv(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import rounded_cells

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(guard_formulas, data["columns"]))
    writer.writerows(map(_cell, row) for row in rounded_cells(data, only_converted=True))
    click.echo(text.getvalue(), nl=False)
    _note_if_cut(data)


def show_table(data: dict[str, Any]) -> None:
    from tillstream.cli.output.tables import show_rows

    show_rows(data)
    _note_if_cut(data)


def _note_if_cut(data: dict[str, Any]) -> None:
    if data["cut"]:
        rows = len(data["rows"])
        shown = "Only the first row is" if rows == 1 else f"Only the first {rows:,} rows are"
        click.echo(f"{shown} shown; there are more. To see more, use --limit N.", err=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if NUMBER.fullmatch(text) else guard_formulas(text)
