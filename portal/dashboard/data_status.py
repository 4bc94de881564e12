"""Data status: files that need attention, the latest files, and how recent the sales are."""

from itertools import islice
from typing import Any

from portal import figures
from portal.connectors import scoped as connectors
from portal.context import ports, scope
from portal.dashboard.request_filters import DashboardFilters
from portal.quality.failing import failing_checks
from portal.review import waiting
from portal.uploads import labels, scoped
from tillstream.analytics.filters import Filters
from tillstream.marts import destinations
from tillstream.model.batch import BatchState
from tillstream.model.people import Action
from tillstream.operations import message_queues
from tillstream.sync import standing

SHOWN = 5
COUNTED = 100
STORES = 20


def attention(selection: DashboardFilters) -> dict[str, Any]:  # noqa: ARG001 - independent of the filters
    """Held files, day closes that differ, failed files, rejected rows, connectors that are late or fail, failing
    checks, sync, copies, dead letters.

    Only what the user's role can act on, and for clerks what others decide.
    """
    may = scope().may
    admin = may(Action.ADMINISTER)
    return {
        "held": list(islice(scoped.newest(waiting.KINDS, BatchState.HELD), COUNTED)) if may(Action.SEE_UPLOADS) else [],
        "closes": waiting.closes(),
        "failed": list(islice(scoped.newest(state=BatchState.FAILED), COUNTED)) if may(Action.UPLOAD) else [],
        "refused": figures.ask("refused-rows", Filters()).to_pylist() if may(Action.UPLOAD) else [],
        "shown": SHOWN,
        "many": COUNTED,
        "connectors": [one for one in connectors.connectors() if one.state.needs_attention],
        "failing_checks": failing_checks() if may(Action.SEE_QUALITY) else 0,
        "sync": admin and standing.needs_attention(ports()),
        "copies": destinations.count_failed_long(ports()) if admin else 0,
        "dead": len(message_queues.find_dead_letters(ports(), COUNTED)) if admin else 0,
    }


def latest(selection: DashboardFilters) -> dict[str, Any]:  # noqa: ARG001 - independent of the filters
    return {"uploads": list(islice(scoped.newest(), SHOWN)), "state_of": labels.state_of}


def freshness(selection: DashboardFilters) -> dict[str, Any]:
    """Freshness of the user's regions, stores, sources and exchange rates; only the region filter applies."""
    rows = figures.ask("freshness-of-everything", Filters(region=selection.filters.region)).to_pylist()
    kinds: dict[str, list[dict[str, Any]]] = {"region": [], "store": [], "source": [], "rate": []}
    for row in rows:
        kinds[row["kind"]].append(row)
    through = {row["region"]: row["last_day"] for row in kinds["region"]}
    latest_day = max(through.values(), default=None)
    for row in kinds["region"]:
        row["behind"] = (latest_day - row["last_day"]).days
    for row in kinds["store"]:
        row["behind"] = (through[row["region"]] - row["last_day"]).days if row["region"] in through else 0
    late = sorted((row for row in kinds["store"] if row["behind"]), key=lambda row: -row["behind"])
    return {
        "regions": kinds["region"],
        "stores": len(kinds["store"]),
        "late_stores": late[:STORES],
        "more_late": len(late) - len(late[:STORES]),
        "sources": kinds["source"][:STORES],
        "rates": [row for row in kinds["rate"] if row["last_day"] or row["unconverted_lines"]],
    }
