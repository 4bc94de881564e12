"""Output of commands on the terminal. Rich is imported when something is printed with it: `--json` needs none of it."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import click

from tillstream.commands.declaration import Show, show_answer
from tillstream.model.money import amount_text
from tillstream.model.safe_text import guard_formulas

if TYPE_CHECKING:
    from rich.console import Console

    from tillstream.pipeline.tabular import RowProblem

MAX_PROBLEMS = 20
"""Problems of an import that are printed; --json has more."""
LISTED_PROBLEMS = 1_000
"""Problems in the result of an import."""
PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""Numbers are never formulas, and decimals are texts in results."""


class Answer(TypedDict):
    """Rows and their columns in order. name: of the query; currency: of its amounts; cut: whether there are more."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    name: NotRequired[str]
    cut: NotRequired[bool]
    currency: NotRequired[str]


class ImportProblem(TypedDict):
    """A row that was not imported."""

    line: int
    message: str
    remedy: str


def echo(text: str, *, err: bool = False) -> None:
    """Print text as it is. err: to standard error."""
    click.echo(text, err=err)


@cache
def _console() -> "Console":
    from rich.console import Console

    return Console(soft_wrap=True)


def print_line(text: str) -> None:
    """Print text verbatim; it may contain characters that Rich would treat as markup."""
    _console().print(text, highlight=False, markup=False)


def print_title(words: str, rest: str = "") -> None:
    from rich.markup import escape

    _console().print(f"[bold]{escape(words)}[/]{escape(rest)}", highlight=False)


def count_words(count: int, singular: str, plural: str) -> str:
    """1 file, 2,000 files."""
    return f"{count:,} {singular if count == 1 else plural}"


def print_problems(ignored_columns: Sequence[str], problems: Sequence[ImportProblem], count: int) -> None:
    """Print rows with problems, and the columns that an import ignored."""
    for one in problems[:MAX_PROBLEMS]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    if count > MAX_PROBLEMS:
        print_line(f"… and {count - MAX_PROBLEMS:,} more")
    if ignored_columns:
        print_line(f"Columns that are not read: {', '.join(ignored_columns)}")


def problem_rows(
    problems: "Iterable[RowProblem]", *names: str, limit: int | None = LISTED_PROBLEMS
) -> list[dict[str, object]]:
    """The problems for a result. names: fields of `RowProblem`, and `field` for the column."""
    fields = {name: "column" if name == "field" else name for name in names}
    return [{name: getattr(one, field) for name, field in fields.items()} for one in islice(problems, limit)]


def amount_or_blank(text: str | None, currency: str) -> str:
    """The text of an exact amount, rounded to the minor unit of its currency."""
    return "" if text is None else amount_text(Decimal(text), currency)


def show_rows(data: Answer) -> None:
    """Print one row vertically, several rows as a table if it fits, else row by row.

    Amounts of a result that names its currency are rounded.
    """
    out = _console()
    columns, rows = data["columns"], data["rows"]
    cells = [[_cell(value) for value in row] for row in rounded_cells(data)]
    if not rows:
        print_line("There is nothing to show.")
    elif len(rows) == 1 or (out.is_terminal and _width(columns, cells) > out.width):
        name = max(map(len, columns))
        for place, row in enumerate(cells):
            if place:
                print_line("")
            for column, cell in zip(columns, row, strict=True):
                print_line(f"{column:<{name}}  {cell}".rstrip())
    else:
        _print_table(columns, cells)


def rounded_cells(data: Answer, *, only_converted: bool = False) -> Iterator[list[Any]]:
    """The cells of a result, row by row; amounts are rounded to the minor unit of their currency.

    only_converted: others are left as they are recorded.
    """
    columns = data["columns"]
    if not data.get("currency"):
        yield from ([row[column] for column in columns] for row in data["rows"])
        return
    from tillstream.analytics.amount_columns import RowAmounts

    amount_columns = RowAmounts(data["name"], columns, data["currency"])
    names = amount_columns.converted if only_converted else columns
    for row in data["rows"]:
        amounts = dict.fromkeys(columns) | {column: amount_columns.rounded(column, row) for column in names}
        yield [row[column] if amounts[column] is None else f"{amounts[column]:f}" for column in columns]


def _print_table(columns: Sequence[str], cells: list[list[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for column in columns:
        table.add_column(column)
    for row in cells:
        table.add_row(*map(escape, row))
    out = _console()
    # output to a file or pipe must not truncate columns
    Console(width=None if out.is_terminal else max(out.width, _width(columns, cells))).print(table)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _width(columns: Sequence[str], cells: list[list[str]]) -> int:
    """Return the width of the table, with a border and two blanks per column."""
    from rich.cells import cell_len

    widest = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    return sum(widest) + 3 * len(columns) + 1


def show_each(show: Show, none: str) -> Callable[[Sequence[Any]], None]:
    """The output of a list, one by one. none: of an empty one."""

    def show_all(listed: Sequence[Any]) -> None:
        for one in listed:
            show_answer(show, one)
        if not listed:
            echo(none)

    return show_all


def show_list(data: Sequence[Mapping[str, Any]]) -> None:
    show_rows({"columns": list(data[0]) if data else [], "rows": data})


def show_csv(data: Answer) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(guard_formulas, data["columns"]))
    writer.writerows(map(_csv_cell, row) for row in rounded_cells(data, only_converted=True))
    click.echo(text.getvalue(), nl=False)
    _note_if_cut(data)


def show_table(data: Answer) -> None:
    show_rows(data)
    _note_if_cut(data)


def _note_if_cut(data: Answer) -> None:
    if data["cut"]:
        rows = len(data["rows"])
        shown = "Only the first row is" if rows == 1 else f"Only the first {rows:,} rows are"
        click.echo(f"{shown} shown; there are more. To see more, use --limit N.", err=True)


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if PLAIN_NUMBER.fullmatch(text) else guard_formulas(text)
