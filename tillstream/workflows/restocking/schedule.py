"""When the restock queue is computed: on request, and after stock or forecasts have changed."""

from datetime import datetime, timedelta

from tillstream.forecasting import runs
from tillstream.inventory import levels
from tillstream.model import audit
from tillstream.ports import Ports
from tillstream.ports.machine import RESTOCK_JOB
from tillstream.records import audit_log, job_runs, sales_loads
from tillstream.records.job_runs import JobRequest
from tillstream.workflows.restocking import policies, run
from tillstream.workflows.restocking.run import RestockRun

REQUEST = JobRequest(run.COLLECTION)
EVERY = timedelta(hours=1)
"""Shortest time between two runs that nobody requested."""
AT_ONCE = 50_000
"""Counted products in stores up to which a run takes seconds, and a request waits for it."""


def is_due(ports: Ports) -> bool:
    """Whether to compute the queue now."""
    last = run.last(ports)
    if REQUEST.pending(ports):
        return True
    if last is None:
        return levels.changes(ports) > 0
    age = ports.clock.now() - datetime.fromisoformat(last.computed_at)
    return age >= EVERY and basis(ports) != last.basis


def may_start(ports: Ports) -> bool:
    """Whether the queue is due and no sales are being loaded that it would lack."""
    return is_due(ports) and not sales_loads.must_wait(ports, RESTOCK_JOB)


def run_due(ports: Ports) -> RestockRun | None:
    """Compute the queue if it is due, and the comparison of order policies once a week. Raises as `run.run`.

    It does not wait for sales that are being loaded: `run_or_start` did so before it started the job.
    """
    if not is_due(ports):
        return None
    answered = REQUEST.pending(ports)
    ended = run.run(ports, basis(ports))
    REQUEST.answer(ports, answered)
    policies.refresh_due(ports)
    return ended


def run_or_start(ports: Ports) -> RestockRun | None:
    """Compute the queue if it may start, or start the job of a project if it was large at the last run.

    Raises as `run.run`.
    """
    if not may_start(ports):
        return None
    last = run.last(ports)
    if not ports.jobs or last is None or last.counted <= AT_ONCE:
        return run_due(ports)
    job_runs.start_job(ports, RESTOCK_JOB)
    return None


def update(ports: Ports, *, by: str) -> RestockRun | None:
    """Compute the queue at once, or request it if that takes long: then None. Raises as `run.run`."""
    audit_log.record(ports, by, audit.AuditAction.RESTOCK_REQUESTED, "restock queue")
    last = run.last(ports)
    if last is None or last.counted <= AT_ONCE:
        return run.run(ports, basis(ports))
    REQUEST.make(ports)
    return None


def is_requested(ports: Ports) -> bool:
    return REQUEST.pending(ports) is not None


def basis(ports: Ports) -> str:
    """What the queue is computed from: the day, the state of the stock levels, and the last forecast."""
    forecast = runs.last(ports)
    ended_at = forecast.ended_at if forecast else ""
    return f"{ports.clock.now().date()} {levels.changes(ports)} {ended_at}"
