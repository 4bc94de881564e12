"""Connectors that fail, or that have not read their source to its end for longer than their schedule allows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.connectors import records, run_history
from tillstream.connectors.state import Connector, all_statuses, connector_late_at, connector_status

MINUTE = timedelta(minutes=1)


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    """One observation of each connector that is not paused. It has the region of its contract, if it has one."""
    return at_least_lower(rule, _observations(sources, rule, at))


CONDITIONS = {"connector-late": Condition(_evaluate)}


def _observations(sources: AlertSources, rule: AlertRule, at: datetime) -> Iterator[Observation]:
    contracts, states = sources.contracts.all(), all_statuses(sources.ports)
    for connector in records.find_connectors(sources.ports):
        region = contracts[connector.contract].region if connector.contract in contracts else ""
        if connector.is_paused or not rule.covers_place(region):
            continue
        state = states.get(connector.name) or connector_status(sources.ports, connector.name)
        failing = _failing_since(sources, connector) if state.failures else None
        late = None if connector.is_once else connector_late_at(connector, state)
        since = min(filter(None, (failing, late)), default=None)
        if since is None:
            continue
        yield Observation(
            connector.name,
            f"Connector {connector.name} {'fails' if failing else 'is late'}",
            Decimal(max(at - since, timedelta()) // MINUTE),
            rule.threshold,
            state.error if failing else "It has not read its source to the end in time.",
            region,
            path=f"/connectors/{connector.name}",
        )


def _failing_since(sources: AlertSources, connector: Connector) -> datetime | None:
    """Start of the first of the failed runs in a row."""
    since = None
    for one in run_history.latest_runs(sources.ports, connector.name, limit=run_history.KEPT_RUNS):
        if one.outcome == "failed":
            since = datetime.fromisoformat(one.started_at)
        elif one.outcome != "running":
            break
    return since
