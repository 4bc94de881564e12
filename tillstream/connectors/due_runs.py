"""Run connectors: one on request, those that are due by turns, and in the job of a project; and test their sources."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from tillstream.connectors import records, run_history
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.one_run import MAX_MESSAGE, ConnectorRunner, open_source, unexpected_error
from tillstream.connectors.run_history import ConnectorRun, PartPace
from tillstream.connectors.state import (
    Connector,
    ConnectorDraft,
    all_statuses,
    begin_run,
    is_connector_due,
    note_request,
)
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_BEFORE_LEDGER
from tillstream.model.errors import Rejected, TillstreamError, Unavailable
from tillstream.ports import Ports
from tillstream.ports.jobs import CONNECT_JOB
from tillstream.records import audit_log
from tillstream.records.jobs import Job, run_each

CONNECT = Job(CONNECT_JOB)
SCHEDULE_ACTOR = "schedule"
"""Who runs a connector that is due; such runs are not audited."""
TURN_TIME = timedelta(minutes=2)
"""Time after which a run on schedule is stopped between two items, so that the other connectors have their turn."""

MAX_TURNS = 500
"""Turns of one run of the job, each a share of time for each connector that is due; the next run continues."""


@dataclass(frozen=True)
class ConnectionTest:
    """message: what is there, or why the test failed."""

    is_ok: bool
    message: str
    seconds: float


def test_connection(ports: Ports, access: SourceAccess, connector: str | ConnectorDraft, by: str) -> ConnectionTest:
    """Connect to the source of a connector, or of a draft, without reading sales.

    Raises `NotFound`, and `UnexpectedError` for a defect.
    """
    tested = records.get_connector(ports, connector) if isinstance(connector, str) else connector
    started = time.perf_counter()
    try:
        with closing(open_source(tested, access)) as source:
            result = ConnectionTest(True, source.test(), 0)
    except TillstreamError as error:
        result = ConnectionTest(False, str(error), 0)
    except Exception as error:  # noqa: BLE001 - raised again, without credentials
        raise unexpected_error(error, access) from None
    message = access.redact(result.message)[:MAX_MESSAGE]
    audit_log.record(
        ports, by, AuditAction.CONNECTOR_TESTED, tested.name, None, {"kind": tested.kind, "ok": result.is_ok}
    )
    return replace(result, message=message, seconds=time.perf_counter() - started)


def due_connectors(ports: Ports) -> list[Connector]:
    """The connectors to run now, those that wait longest first; no backfill before its last part is settled."""
    now, states = ports.clock.now(), all_statuses(ports)
    waiting = [
        one
        for one in records.find_connectors(ports)
        if is_connector_due(one, states.get(one.name), now)
        and not (one.is_once and run_history.count_batches(ports, one.name, *STATES_BEFORE_LEDGER))
    ]
    return sorted(waiting, key=lambda one: states[one.name].next_at if one.name in states else "")


def run_due_connectors(
    ports: Ports, contracts: ContractRegistry, access: SourceAccess, stopping: threading.Event | None = None
) -> list[ConnectorRun]:
    """Run each connector that is due for its share of the time. Raises as `run_each`."""

    def run(connector: Connector) -> ConnectorRun | None:
        with contextlib.suppress(Rejected):  # it was removed, or another process runs it
            return run_connector(ports, contracts, access, connector.name, SCHEDULE_ACTOR, stopping, TURN_TIME)
        return None

    return list(run_each(due_connectors(ports), run, "Connectors with defects", stopping=stopping))


def run_connector(
    ports: Ports,
    contracts: ContractRegistry,
    access: SourceAccess,
    name: str,
    by: str,
    stopping: threading.Event | None = None,
    share: timedelta | None = None,
    pace: PartPace | None = None,
) -> ConnectorRun:
    """Run a connector until its source has no more, `stopping` is set, or its share of the time is over.

    pace: of a backfill that waits for each part to be settled; without it, the run ends after a part.
    Returns the run, also one that failed. Raises `NotFound`, `Rejected` if it is running, and `UnexpectedError`.
    """
    connector = records.get_connector(ports, name)
    run_id = run_history.new_run_id(ports, name)
    state, interrupted = begin_run(ports, name, run_id, records.cursor_identity(connector))
    if interrupted:
        run_history.note_interrupted(ports, interrupted)
    if by != SCHEDULE_ACTOR:
        audit_log.record(ports, by, AuditAction.CONNECTOR_RUN, name)
    return ConnectorRunner(ports, contracts, access, connector, run_id, state, stopping, share, pace).run()


def start_job_if_due(ports: Ports) -> bool:
    """Start the job of a project if a connector is due and no run of the job is at work. Raises `Unavailable`."""
    return bool(ports.jobs and due_connectors(ports)) and CONNECT.start(ports)


def run_all_due(ports: Ports, contracts: ContractRegistry, access: SourceAccess) -> Iterator[ConnectorRun]:
    """Run the connectors that are due, turn by turn, until none is; yield the runs as they end."""
    with CONNECT.reserved(ports):
        for _ in range(MAX_TURNS):
            ended = run_due_connectors(ports, contracts, access)
            yield from ended
            if not ended:
                return
            CONNECT.renew(ports)


def request_run(ports: Ports, name: str, by: str) -> None:
    """Let the next turn of the schedule run a connector, also one that is paused or failed; in a project, start the
    job, or leave the start to the next sweep. Raises `NotFound`."""
    connector = records.get_connector(ports, name)
    note_request(ports, connector.name)
    audit_log.record(ports, by, AuditAction.CONNECTOR_RUN, connector.name)
    with contextlib.suppress(Unavailable):  # the request is kept
        start_job_if_due(ports)
