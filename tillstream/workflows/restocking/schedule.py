"""When the restock queue is computed: on request, and after stock or forecasts have changed."""

from datetime import datetime, timedelta

from tillstream import audit
from tillstream.forecasting import runs
from tillstream.inventory import levels
from tillstream.ports import Ports
from tillstream.workflows.restocking import run
from tillstream.workflows.restocking.run import RestockRun

REQUESTED = "requested"
EVERY = timedelta(hours=1)
"""Shortest time between two runs that nobody requested."""
AT_ONCE = 50_000
"""Counted products in stores up to which a run takes seconds, and a request waits for it."""


def is_due(ports: Ports, most: int | None = None) -> bool:
    """Whether to compute the queue now. most: only if so many products in stores were counted at the last run."""
    last = run.last(ports)
    if last and most is not None and last.counted > most:
        return False
    if ports.documents.get(run.COLLECTION, REQUESTED):
        return True
    if last is None:
        return levels.changes(ports) > 0
    age = ports.clock.now() - datetime.fromisoformat(last.computed_at)
    return age >= EVERY and basis(ports) != last.basis


def run_due(ports: Ports, most: int | None = None) -> RestockRun | None:
    """Compute the queue if it is due. Raises as `run.run`."""
    if not is_due(ports, most):
        return None
    ended = run.run(ports, basis(ports))
    ports.documents.delete(run.COLLECTION, REQUESTED)
    return ended


def update(ports: Ports, *, by: str) -> RestockRun | None:
    """Compute the queue at once, or request it if that takes long: then None. Raises as `run.run`."""
    audit.record(ports, by, audit.AuditAction.RESTOCK_REQUESTED, "restock queue")
    last = run.last(ports)
    if last is None or last.counted <= AT_ONCE:
        return run.run(ports, basis(ports))
    ports.documents.put(run.COLLECTION, REQUESTED, {"at": ports.clock.now().isoformat(timespec="seconds")})
    return None


def is_requested(ports: Ports) -> bool:
    return ports.documents.get(run.COLLECTION, REQUESTED) is not None


def basis(ports: Ports) -> str:
    """What the queue is computed from: the day, the state of the stock levels, and the last forecast."""
    forecast = runs.last(ports)
    ended_at = forecast.ended_at if forecast else ""
    return f"{ports.clock.now().date()} {levels.changes(ports)} {ended_at}"
