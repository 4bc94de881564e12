"""Progress bars on a terminal, for commands run here or in the server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tillstream.commands.result import KEPT, SENT, Progress, quiet

STAGES = {
    "bytes": "storing files",
    "rows": "reading rows",
    "settling": "settling",
    "files": "files done",
    "exported": "rows exported",
    "settlements": "settling again",
    "fits": "fitting models",
}


@contextmanager
def progress_bars(total: int | None, *, hidden: bool) -> Iterator[Progress]:
    """Show one bar per stage; nothing if hidden or not on a terminal. total: bytes of all files, if any."""
    if hidden or not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {"bytes": bars.add_task(STAGES["bytes"], total=total, amount="")} if total else {}

        def advance(what: str, count: int = 1, about: str = "") -> None:  # noqa: ARG001 - only the client uses `about`
            if what in (KEPT, SENT):
                return
            if what not in tasks:
                tasks[what] = bars.add_task(STAGES.get(what, what), total=None, amount="")
            done = int(bars.tasks[tasks[what]].completed) + count
            bars.update(tasks[what], completed=done, amount=_amount(what, done, total))

        yield advance


def _amount(what: str, done: int, total: int | None) -> str:
    if what == "bytes":
        from rich.filesize import decimal

        return f"{decimal(done)} of {decimal(total)}" if total else decimal(done)
    return "" if what == "settling" else f"{done:,}"
