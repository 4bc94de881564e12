"""Bytes that refreshes of the daily totals are billed: their statements, for sample plans."""

from datetime import timedelta

from devtools.billing.queries import Statement, script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import DAY, NOW, Ledger
from tillstream.adapters.google.bigquery import daily_totals
from tillstream.adapters.google.bigquery.daily_totals import (
    NUMBERS_QUERY,
    SETTLED_QUERY,
    WINDOWS,
    Refresh,
    arrivals_query,
    refresh_script,
)
from tillstream.adapters.google.bigquery.query_values import inline_parameters

EVERY = 900
"""Seconds between refreshes of the daily totals."""


def refresh_statements(ledger: Ledger, changed: int) -> list[Statement]:
    """The statements of a refresh that adds lines to this day and computes so many older days again."""
    every = DAY / ledger.traffic.settlements
    settled = max(1, round(EVERY / every))
    last = ledger.last_settlement
    arrivals = {f"{n:032x}": NOW - timedelta(seconds=n * every) for n in range(settled)}
    days = [TODAY - timedelta(days=5 + n) for n in range(changed)]
    texts = (
        NUMBERS_QUERY,
        inline_parameters(SETTLED_QUERY, {"since": NOW - WINDOWS[0]}),
        arrivals_query(NOW - WINDOWS[0], NOW),
        refresh_script(Refresh(last - settled, last, arrivals, [TODAY], days), "tillstream"),
    )
    return [statement for text in texts for statement in script_statements(text)]


def refresh_bytes(ledger: Ledger, changed: int) -> int:
    """Bytes billed for it. The hour of its lines is half over, so half of an hour's rows are read."""
    return sum(statement.bytes(ledger) for statement in refresh_statements(ledger, changed))


def fold_bytes(ledger: Ledger) -> int:
    """Bytes billed for merging the totals of a whole day."""
    text = daily_totals.merge_script([TODAY - timedelta(days=1)])
    return sum(statement.bytes(ledger) for statement in script_statements(text))
