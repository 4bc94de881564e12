"""What to order: the restock queue, and the simulation of order policies over past sales."""

from dataclasses import asdict, dataclass

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.commands.users import COMMAND_LINE
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.ports.machine import RESTOCK_JOB
from tillstream.records import audit_log, job_runs
from tillstream.stock import restock_queue
from tillstream.stock.restock_simulation import SimulationOptions, simulate_policies


@dataclass(frozen=True, kw_only=True)
class RestockLines:
    """Filters of the queue; empty: all. state: as in the query `restock-lines`."""

    region: str = ""
    store: str = ""
    supplier: str = ""
    state: str = "open"
    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class Compute:
    """due: only if it is due, as for the job of a project."""

    due: bool = False


@dataclass(frozen=True, kw_only=True)
class Simulate:
    """fill: fill rate at which policies are compared; by default the one that levels at `service` reach.

    The other arguments are those of `Options`.
    """

    service: float = 0.95
    fill: float | None = None
    lead_days: int | None = None
    review_days: int | None = None
    pack: float = 1.0
    top: int = 200
    region: str = ""
    store: str = ""


def lines(app: App, progress: Progress, arguments: RestockLines) -> Result:
    """The stored queue, the most urgent lines first."""
    chosen = {name: [value] for name in ("region", "store") if (value := getattr(arguments, name))}
    values = {name: getattr(arguments, name) for name in ("supplier", "state", "limit")}
    filters = Filters.parse(chosen)
    answer = queries.run_query(app.ports.warehouse, "restock-lines", UNRESTRICTED, filters, **values)
    last = restock_queue.last_restock_run(app.ports)
    return Result({
        "name": "restock-lines",
        "columns": [name for name in answer.schema.names if name != "matching"],
        "rows": answer.drop_columns(["matching"]).to_pylist(),
        "computed_at": last.computed_at if last else None,
        "counted": last.counted if last else 0,
    })  # fmt: skip


def compute(app: App, progress: Progress, arguments: Compute) -> Result:
    """Compute the queue."""
    if arguments.due:
        with job_runs.job_reserved(app.ports, RESTOCK_JOB):
            ended = restock_queue.run_due_restock(app.ports)
        return Result(asdict(ended) if ended else {})
    audit_log.record(app.ports, COMMAND_LINE, audit.AuditAction.RESTOCK_REQUESTED, "restock queue")
    return Result(asdict(restock_queue.run_restock(app.ports, restock_queue.restock_basis(app.ports))))


def simulated(app: App, progress: Progress, arguments: Simulate) -> Result:
    shares = (arguments.service, 0.5 if arguments.fill is None else arguments.fill)
    if not all(0 < each < 1 for each in shares):
        raise Rejected("A service level and a fill rate are between 0 and 1.")
    options = SimulationOptions(
        arguments.lead_days, arguments.review_days, arguments.pack, arguments.top, arguments.region, arguments.store
    )
    result = simulate_policies(app.ports.warehouse, app.ports.clock.now().date(), options)
    fill = arguments.fill or result.comparison.fill_of_service(arguments.service)
    return Result({
        "first_day": result.first_day,
        "last_day": result.last_day,
        "open_days": result.open_days,
        "lines": result.lines,
        "costed_lines": result.costed_lines,
        "currency": result.currency,
        "lead_days": result.setting.lead_days,
        "review_days": result.setting.review_days,
        "pack": result.setting.pack,
        "service": None if arguments.fill else arguments.service,
        "fill": fill,
        "policies": result.comparison.at_fill(fill),
        "curves": result.comparison.series(),
    })  # fmt: skip
