"""Alerts on costs: bytes that BigQuery bills, and the budget of the project."""

from collections.abc import Iterator

from infra.monitoring.policy import SUM, Policy, above, policy
from infra.stage import Stage

GB = 1_000_000_000
DAY_SECONDS = 86_400
BILLED = 'metric.type="bigquery.googleapis.com/query/scanned_bytes_billed" AND resource.type="global"'


def alerts(stage: Stage) -> Iterator[Policy]:
    limit = stage.values.get("BYTES_BILLED_GB_DAY", "")
    if not limit:
        return
    title = "Tillstream: queries read much"
    yield policy(
        title,
        f"BigQuery billed more than {int(limit):,} GB to queries of this project within a day. "
        "`tillstream deploy cost` shows which work and which accounts.",
        above(title, BILLED, SUM | {"alignmentPeriod": f"{DAY_SECONDS}s"}, int(limit) * GB),
    )
