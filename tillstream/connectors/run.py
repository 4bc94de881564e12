"""Run connectors: one on request, and those that are due by turns; and test their sources."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from tillstream.connectors import records, runs, status
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.connector import Connector, ConnectorDraft
from tillstream.connectors.parts import Pace
from tillstream.connectors.runner import MAX_MESSAGE, Runner, UnexpectedError, open_source, unexpected
from tillstream.connectors.runs import Run
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_BEFORE_LEDGER
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.ports import Ports
from tillstream.records import audit_log

SCHEDULE = "schedule"
"""Who runs a connector that is due; such runs are not audited."""
SHARE = timedelta(minutes=2)
"""Time after which a run on schedule is stopped between two items, so that the other connectors have their turn."""


@dataclass(frozen=True)
class ConnectionTest:
    """message: what is there, or why the test failed."""

    is_ok: bool
    message: str
    seconds: float


def test(ports: Ports, access: SourceAccess, connector: str | ConnectorDraft, by: str) -> ConnectionTest:
    """Connect to the source of a connector, or of a draft, without reading sales.

    Raises `NotFound`, and `UnexpectedError` for a defect.
    """
    tested = records.get(ports, connector) if isinstance(connector, str) else connector
    started = time.perf_counter()
    try:
        with closing(open_source(tested, access)) as source:
            result = ConnectionTest(True, source.test(), 0)
    except TillstreamError as error:
        result = ConnectionTest(False, str(error), 0)
    except Exception as error:  # noqa: BLE001 - raised again, without credentials
        raise unexpected(error, access) from None
    message = access.redact(result.message)[:MAX_MESSAGE]
    audit_log.record(
        ports, by, AuditAction.CONNECTOR_TESTED, tested.name, None, {"kind": tested.kind, "ok": result.is_ok}
    )
    return replace(result, message=message, seconds=time.perf_counter() - started)


def due(ports: Ports) -> list[Connector]:
    """The connectors to run now, those that wait longest first; no backfill before its last part is settled."""
    now, states = ports.clock.now(), status.all_of(ports)
    waiting = [
        one
        for one in records.find(ports)
        if status.is_due(one, states.get(one.name), now)
        and not (one.is_once and runs.count(ports, one.name, *STATES_BEFORE_LEDGER))
    ]
    return sorted(waiting, key=lambda one: states[one.name].next_at if one.name in states else "")


def run_due(
    ports: Ports, contracts: ContractRegistry, access: SourceAccess, stopping: threading.Event | None = None
) -> list[Run]:
    """Run each connector that is due for its share of the time.

    Raises the `UnexpectedError`s as a group, after all have run.
    """
    done, defects = list[Run](), list[UnexpectedError]()
    for connector in due(ports):
        if stopping and stopping.is_set():
            break
        try:
            done.append(run(ports, contracts, access, connector.name, SCHEDULE, stopping, SHARE))
        except Rejected:  # it was removed, or another process runs it
            continue
        except UnexpectedError as error:
            defects.append(error)
    if defects:
        raise ExceptionGroup("Connectors with defects", defects)
    return done


def run(
    ports: Ports,
    contracts: ContractRegistry,
    access: SourceAccess,
    name: str,
    by: str,
    stopping: threading.Event | None = None,
    share: timedelta | None = None,
    pace: Pace | None = None,
) -> Run:
    """Run a connector until its source has no more, `stopping` is set, or its share of the time is over.

    pace: of a backfill that waits for each part to be settled; without it, the run ends after a part.
    Returns the run, also one that failed. Raises `NotFound`, `Rejected` if it is running, and `UnexpectedError`.
    """
    connector = records.get(ports, name)
    run_id = runs.new_id(ports, name)
    state, interrupted = status.begin(ports, name, run_id, records.cursor_of(connector))
    if interrupted:
        runs.note_interrupted(ports, interrupted)
    if by != SCHEDULE:
        audit_log.record(ports, by, AuditAction.CONNECTOR_RUN, name)
    return Runner(ports, contracts, access, connector, run_id, state, stopping, share, pace).run()
