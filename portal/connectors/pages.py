"""The list of connectors, and the page of one with its last runs."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.connectors import scoped
from portal.connectors.scoped import ConnectorState, ListedConnector
from portal.context import ports, scope
from portal.list_view import list_query, page_number, page_of
from portal.translation import N_
from portal.uploads import labels
from portal.uploads import scoped as uploads
from tillstream.connectors import kind_table, run_history
from tillstream.connectors.run_history import ConnectorRun
from tillstream.connectors.state import read_state
from tillstream.model.batch import Batch, BatchState
from tillstream.model.permissions import Action
from tillstream.records import batch_records

OUTCOMES = N_(
    {
        "running": ("Running", "busy"),
        "done": ("Done", "good"),
        "stopped": ("Stopped", "ask"),
        "failed": ("Failed", "bad"),
    }
)
"""Outcome of a run → label and tone. Stopped: its next run continues from there."""
RUNS, FILES = 20, 5
MAX_LETTERS = 200
SORTS: Mapping[str, Callable[[ListedConnector], Any]] = {
    "name": lambda one: one.name.casefold(),
    "kind": lambda one: one.kind.title.casefold(),
    "state": lambda one: list(ConnectorState).index(one.state),
    "ran": lambda one: one.status.last_run_at,
    "next": lambda one: one.status.next_at,
}


@allow(Action.SEE_PIPELINE)
def list_connectors() -> ResponseReturnValue:
    query, every = list_query(sorts=SORTS, default_sort="name"), scoped.listed_connectors()
    words = query.q.casefold()
    rows = [one for one in every if words in f"{one.name} {one.kind.title} {one.connector.contract}".casefold()]
    rows.sort(key=SORTS[query.column], reverse=query.down)
    page = page_of(query, rows)
    return render_template(
        "connectors/list.html",
        page=page,
        last_runs={
            one.name: next(iter(run_history.latest_runs(ports(), one.name, limit=1)), None) for one in page.rows
        },
        held={one.name: run_history.count_batches(ports(), one.name, BatchState.HELD) for one in page.rows},
        any=bool(every),
        attention=[one for one in every if one.state.needs_attention],
        is_at_work=any(one.state.is_at_work for one in every),
        kinds=() if every else kind_table.all_kinds(),
    )


@allow(Action.SEE_PIPELINE)
def show_connector(connector: str) -> ResponseReturnValue:
    one, page = scoped.listed_connector(connector), page_number(request.args)
    listed = run_history.latest_runs(ports(), one.name, limit=RUNS + 1, offset=(page - 1) * RUNS)
    state = read_state(ports(), one.name)
    return render_template(
        "connectors/show.html",
        one=one,
        settings=_settings(one) if scope().may(Action.ADMINISTER) else [],
        position=run_position(state.cursor),
        has_files=bool(state.stored),
        runs=listed[:RUNS],
        files={run.started_at: _files(run) for run in listed[:RUNS]},
        shown=FILES,
        held=run_history.count_batches(ports(), one.name, BatchState.HELD),
        state_of=labels.state_of,
        page=page,
        more_runs=len(listed) > RUNS,
        is_at_work=one.state.is_at_work,
        outcomes=OUTCOMES,
    )


def _files(run: ConnectorRun) -> list[Batch]:
    """The first uploads of a run, as far as the user may see them."""
    batches = (batch_records.get_batch(ports(), batch) for batch in run.batches[:FILES])
    return [one for one in batches if uploads.covers(one)]


def _settings(one: ListedConnector) -> list[tuple[str, str]]:
    """Label and value of each setting that has one."""
    values = one.connector.settings
    return [(each.label, values[each.name]) for each in one.kind.settings if values.get(each.name)]


def run_position(cursor: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parts of a cursor as name and text; empty at the beginning of a source."""
    return [(name.replace("_", " "), _text(value)) for name, value in cursor.items() if value not in (None, "", [], {})]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS]}…"
