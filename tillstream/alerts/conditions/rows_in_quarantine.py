"""Rows that no figure includes until they are corrected."""

from datetime import datetime
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import queries
from tillstream.model.people import UNRESTRICTED


def _evaluate(sources: AlertSources, rule: AlertRule, _at: datetime) -> list[Observation]:
    rows = queries.run_query(sources.ports.warehouse, "refused-rows", UNRESTRICTED, cache=sources.cache).to_pylist()
    return at_least_lower(
        rule,
        (
            Observation(
                one["region"],
                _title(one["refused_rows"], one["region"]),
                Decimal(one["refused_rows"]),
                rule.threshold,
                f"In {one['uploads']:,} {'file' if one['uploads'] == 1 else 'files'}.",
                one["region"],
                path="/uploads",
            )
            for one in rows
            if one["region"] and rule.covers_place(one["region"])
        ),
    )


CONDITIONS = {"rows-in-quarantine": Condition(_evaluate)}


def _title(rows: int, region: str) -> str:
    return f"Region {region} has {rows:,} {'row' if rows == 1 else 'rows'} to fix"
