"""SQL: a page for statements on the marts, within the scope of the reader."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import file_responses
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.translation import _
from tillstream.delivery.export_formats import export_format
from tillstream.delivery.export_table import export_table
from tillstream.explore import engines, scoped_tables, suggested_statements
from tillstream.explore.engines import StatementAnswer, StatementRun
from tillstream.explore.scoped_statement import MAX_STATEMENT
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action, Role

FILE = "sql"
MAX_RUNNING = 2
"""Queries that a person can run at a time."""
blueprint = Blueprint("sql_page", __name__, template_folder="templates")

LONGEST_LINK = 1_500
"""Characters of a statement in a link."""


class RunningQueries:
    """The running queries of each person, with the number that their page chose: any text, also the same twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[tuple[str, str, threading.Event]] = []

    @contextmanager
    def running(self, login: str, number: str) -> Iterator[Callable[[], bool]]:
        """Whether the query was cancelled. Raises `Rejected` if too many queries of the person run."""
        event = threading.Event()
        with self._lock:
            if sum(owner == login for owner, _, _ in self._running) >= MAX_RUNNING:
                many = _("{most} of your queries are running. Wait for one of them, or cancel it.", most=MAX_RUNNING)
                raise Rejected(many)
            self._running.append((login, number, event))
        try:
            yield event.is_set
        finally:
            with self._lock:
                self._running = [one for one in self._running if one[2] is not event]

    def cancel(self, login: str, number: str) -> None:
        """Cancel the queries of the person with a number; one that is not running is none of this process."""
        with self._lock:
            for owner, own_number, event in self._running:
                if (owner, own_number) == (login, number):
                    event.set()


RUNNING = RunningQueries()


@blueprint.get("/sql", endpoint="show")
@allow(Action.RUN_SQL)
def show_sql() -> ResponseReturnValue:
    """The statement in the address or of the history, or an example."""
    tillstream().sql().prepare()
    text = request.args.get("sql", "").strip()
    if at := request.args.get("at"):
        text = next(
            (
                one.text
                for one in suggested_statements.past_statements(ports(), me().login, me().created_at)
                if one.at == at
            ),
            text,
        )
    return _page(text or suggested_statements.FIRST_EXAMPLE)


@blueprint.post("/sql", endpoint="run_statement")
@allow(Action.RUN_SQL)
def run_statement() -> ResponseReturnValue:
    """Run a statement, and show its rows; with a format, answer with a file."""
    text, suffix = request.form.get("sql", "").strip(), request.form.get("format", "")
    if not text:
        return _page("", problem=_("Write a SELECT first.")), 422
    try:
        answer = _run(text, engines.EXPORTED_ROWS if suffix else engines.SHOWN_ROWS)
    except Rejected as error:
        _record(text, problem=str(error))
        return _page(text, problem=str(error)), 422
    _record(text, answer)
    if suffix and answer.is_cut:
        many = _("A file has at most {most:,} rows, and this query has more. Add a condition, or group the rows.")
        return _page(text, problem=many.format(most=engines.EXPORTED_ROWS)), 422
    if suffix:
        return _file(suffix, answer)
    return _page(text, answer=answer)


@blueprint.post("/sql/cancel", endpoint="cancel")
@allow(Action.RUN_SQL)
def cancel_statement() -> ResponseReturnValue:
    """Cancel a running statement of the person."""
    RUNNING.cancel(me().login, request.form.get("number", ""))
    return "", 204


@blueprint.get("/sql/progress", endpoint="progress")
@allow(Action.RUN_SQL)
def show_progress() -> ResponseReturnValue:
    """How far the data is that a running statement of the person waits for; empty if it waits for none."""
    made = tillstream().sql().progress(scope())
    preparing = _("Preparing the data of your regions and stores: {done:,} of {total:,} files.")
    return {"text": preparing.format(done=made.done, total=made.total) if made else ""}


def _run(text: str, limit: int) -> StatementAnswer:
    with RUNNING.running(me().login, request.form.get("number", "")) as is_cancelled:
        return tillstream().sql().run(StatementRun(text, scope(), limit, is_cancelled=is_cancelled))


def _record(text: str, answer: StatementAnswer | None = None, problem: str = "") -> None:
    at = ports().clock.now().isoformat(timespec="seconds")
    rows, seconds = (answer.rows.num_rows, round(answer.seconds, 2)) if answer else (0, 0.0)
    suggested_statements.record_statement(
        ports(), me().login, me().created_at, suggested_statements.PastStatement(at, text, rows, seconds, problem)
    )


def _file(suffix: str, answer: StatementAnswer) -> Response:
    rows = answer.rows if export_format(suffix).is_exact else engines.flatten_nested(answer.rows)
    batches = rows.to_batches() or [pa.RecordBatch.from_pylist([], rows.schema)]
    return file_responses.file_response(suffix, export_table(FILE, batches, converted=()), {})


def _page(text: str, *, answer: StatementAnswer | None = None, problem: str = "") -> str:
    rows: list[dict[str, Any]] = engines.flatten_nested(answer.rows).to_pylist() if answer else []
    columns = answer.rows.schema if answer else []
    return render_template(
        "sql_page/show.html",
        text=text,
        problem=problem,
        answer=answer,
        rows=rows,
        columns=[(field.name, _is_number(str(field.type))) for field in columns],
        shown=engines.SHOWN_ROWS,
        exported=engines.EXPORTED_ROWS,
        seconds=int(engines.QUERY_SECONDS),
        examples=suggested_statements.EXAMPLE_STATEMENTS,
        longest=MAX_STATEMENT,
        longest_link=LONGEST_LINK,
        tables=scoped_tables.offered_tables(scope()).values(),
        has_no_wall=me().role is Role.ADMIN and not tillstream().sql().has_wall,
        history=suggested_statements.past_statements(ports(), me().login, me().created_at),
    )


def _is_number(kind: str) -> bool:
    return kind.startswith(("decimal", "int", "double", "float"))
