"""The costs that docs/scale.md shows apart: late and corrected sales, sale events, quality
checks, and a project without traffic."""

import math
from dataclasses import replace
from datetime import timedelta

import sql
from devtools.billing.prices import PRICES, TIB, query_cost, read_cost
from devtools.billing.queries import LEAST, script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import DAY, Ledger
from docs.generate.scale.model import EVENT_BYTES, PUBLISH_SECONDS, Day, computed
from docs.generate.scale.samples import query_bytes, read_bytes, samples
from docs.generate.scale.seconds import receive_seconds
from docs.generate.scale.totals import EVERY as TOTALS_EVERY
from infra import stage as stages
from infra.function import Scheduled
from infra.functions import FUNCTIONS
from sql.quality import checks
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.analytics.computed_stock import EVERY_PRODUCT, first_changing_day, level_params
from tillstream.operations.quality_checks import ON_BIGQUERY

LATE, LATE_DAYS = 0.01, 30
"""Share of the sales that arrive after their day, and the days over which they are spread."""
CORRECTED, CORRECTED_DAYS = 0.01, 7
"""Share of the sales that are changed after their day, and the days over which they are spread."""
EVENTS_A_SECOND = 5_000
NOTE_EVERY = 1_800
"""Seconds between calls of `index`."""
SWEEP_SECONDS = 5.0
SWEEP_QUERIES = 5
"""Of a sweep that has nothing to do; each is billed the least."""


def days_hit(sales: float, days: int) -> float:
    """Expected number of different days of so many sales that are spread over the days."""
    return days * (1 - math.pow(1 - 1 / days, sales))


def late(day: Day) -> dict[str, float]:
    """USD that late sales add: totals of more days are merged at night. Settlements and refreshes read no more."""
    days = days_hit(day.sales * LATE, LATE_DAYS)
    return {
        "daily totals": day.totals(day.ledger, late=days) - day.costs["daily totals"],
    }


def corrected(day: Day) -> dict[str, float]:
    """USD that corrections add: all sales of the corrected days are read."""
    ledger = Ledger(replace(day.traffic, corrected=CORRECTED), day.days)
    each = read_bytes(samples().corrected, ledger)
    older = days_hit(day.sales * CORRECTED / day.traffic.settlements, CORRECTED_DAYS)
    stale = days_hit(day.sales * CORRECTED * TOTALS_EVERY / DAY, CORRECTED_DAYS)
    script = query_bytes(samples().corrected, ledger) - query_bytes(samples().new, day.ledger)
    return {
        "Storage Read API": read_cost(day.traffic.settlements * each * older),
        "commit scripts": query_cost(day.traffic.settlements * script),
        "daily totals": day.totals(ledger, corrected=stale) - day.costs["daily totals"],
    }


def sale_events(day: Day) -> dict[str, float]:
    """USD that one subscriber of sale events adds."""
    settlement = {"settlement_no": day.ledger.last_settlement, "days": [TODAY]}
    text = inline_parameters(sql.text("ledger/lines_to_publish"), settlement)
    billed = LEAST + sum(statement.bytes(day.ledger) for statement in script_statements(text))
    messages = 2 * day.traffic.lines * EVENT_BYTES / TIB * PRICES["a TiB through Pub/Sub"]
    return {
        "queries": query_cost(day.traffic.settlements * billed),
        "Pub/Sub": messages,
        "compute": computed("announce", day.traffic.lines / EVENTS_A_SECOND),
    }


def quality(day: Day) -> dict[str, float]:
    """USD of the quality checks of a night: those by day, of the latest days with the most lines that a run reads; and
    that of the stock levels, with the sales since the last counts, at most RECENT_DAYS ago."""
    days = max(1, min(day.days, int(ON_BIGQUERY.changed_days / day.traffic.lines)))
    params = {"days": [TODAY - timedelta(days=back) for back in range(days)]}
    texts = [inline_parameters(check.counted, params) for check in checks().values() if check.by_day]
    stock = level_params(TODAY) | EVERY_PRODUCT | {"first_day": first_changing_day(TODAY, TODAY)}
    texts += [inline_parameters(check.text, stock) for check in checks().values() if check.of_stock]
    billed = sum(statement.bytes(day.ledger) for text in texts for statement in script_statements(text))
    return {"queries": query_cost(billed)}


def idle_costs() -> dict[str, float]:
    """USD of a day on which nothing arrives, in the stage `prod`."""
    stage = stages.read("prod", "project")
    portal = int(stage["PORTAL_LEAST"]) * (float(stage["PORTAL_CPU"]) + int(stage["PORTAL_MEMORY"][:-2]))
    sweeps, totals, noting = DAY / 300, DAY / TOTALS_EVERY, DAY / NOTE_EVERY
    calls = DAY / 60 + sweeps + totals + noting
    jobs = sum(isinstance(trigger, Scheduled) for each in FUNCTIONS for trigger in each.triggers)
    # `prod` has no opening hours: it always waits
    return {
        "receive": DAY
        / 60
        * (computed("receive", receive_seconds()) + PRICES["100,000 documents read in Firestore"] / 100_000),
        "sweep": sweeps * (computed("sweep", SWEEP_SECONDS) + query_cost(SWEEP_QUERIES * LEAST)),
        "daily totals": totals * (computed("project", PUBLISH_SECONDS) + query_cost(2 * LEAST)),
        "index": noting * computed("index", PUBLISH_SECONDS),
        "portal": DAY * portal * PRICES["an idle vCPU second of a minimum instance"],
        "schedules and calls": jobs * PRICES["a job of Cloud Scheduler for a month"] / 30
        + calls * PRICES["1,000,000 requests to functions"] / 1e6,
    }
