"""Results as words on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console(soft_wrap=True)
err = Console(stderr=True)


def show_receipts(data: Any) -> None:
    for receipt in data if isinstance(data, list) else [data]:
        _receipt(receipt)


def _receipt(receipt: dict[str, Any]) -> None:
    batch = receipt.get("batch_id", "nothing was kept")
    out.print(f"[bold]{receipt['file']}[/] · {receipt['contract']} · {receipt['status']} · {batch}")
    for hold in receipt.get("holds", []):
        out.print(f"  held: {hold['message']} ({hold['code']})")
    if receipt.get("error"):
        out.print(f"  {receipt['error']}")
    rows = receipt.get("rows")
    if rows:
        parts = " + ".join(f"{_count(rows[name])} {name}" for name in rows if name != "read")
        out.print(f"  {_count(rows['read'])} rows read = {parts}")
    for amount in receipt.get("amounts", []):
        gross = f", gross {amount['gross']}" if amount["gross"] is not None else ""
        out.print(f"  net {amount['net']} {amount['currency']}{gross}")
    for problem in receipt.get("problems", []):
        where = f", first on line {problem['first_line']}" if problem["first_line"] else ""
        column = f" in {problem['column']}" if problem["column"] else ""
        out.print(f"  {problem['severity']}: {problem['code']}{column}, {_count(problem['count'])} ×{where}")


def _count(number: int | None) -> str:
    return "…" if number is None else f"{number:,}"


def show_refused(data: dict[str, Any]) -> None:
    for row in data["rows"]:
        out.print(f"[bold]line {row['line_number']}[/]  {row['raw']}", highlight=False)
        for problem in row["problems"]:
            out.print(f"  {problem['message']} {problem['remedy']}")
    count = len(data["rows"])
    out.print(
        f"{count:,} {'row' if count == 1 else 'rows'} of {data['file']} {'waits' if count == 1 else 'wait'} for you."
    )


def show_undo(data: dict[str, Any]) -> None:
    changes = ", ".join(f"{_count(count)} {kind}" for kind, count in data["changes"].items())
    out.print(f"{data['file']}: {changes}.")
    after = {(row["region"], row["currency"]): row for row in data.get("after", [])}
    for row in data.get("before", []):
        then = after.get((row["region"], row["currency"]))
        if then is None or then["net"] != row["net"]:
            out.print(f"  {row['region']}: net {row['net']} → {then['net'] if then else 0} {row['currency']}")


def show_rows(data: dict[str, Any]) -> None:
    """One row reads best from top to bottom, several as a table."""
    if len(data["rows"]) == 1:
        width = max(map(len, data["columns"]))
        for column, value in data["rows"][0].items():
            out.print(f"{column:<{width}}  {'' if value is None else value}".rstrip(), highlight=False, markup=False)
        return
    table = Table()
    for column in data["columns"]:
        table.add_column(column)
    for row in data["rows"]:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in data["columns"]))
    out.print(table)


def show_list(data: list[dict[str, Any]]) -> None:
    show_rows({"columns": list(data[0]) if data else [], "rows": data})


@contextmanager
def progress_bars(total: int | None, *, hidden: bool) -> Iterator[Callable[[str, int], None]]:
    """Bars on a terminal: bytes kept, then rows read; nothing where nobody looks."""
    if hidden or not err.is_terminal:
        yield lambda _what, _count: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        tasks = {"bytes": bars.add_task("keeping the file", total=total)}

        def advance(what: str, count: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(f"{what} done", total=None)
            bars.advance(tasks[what], count)

        yield advance
