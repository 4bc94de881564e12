"""What the project's BigQuery jobs cost, from the view `bigquery_jobs`, which a deploy creates."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sql
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.model.errors import NotFound, Rejected


def job_costs(dataset: Dataset, days: int) -> list[dict[str, Any]]:
    """Jobs of the last days by work and account, the most expensive first: counts, seconds, bytes billed and USD.

    Raises `Rejected` if the view is missing or the caller may not list the jobs of the project; `Unavailable`.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    try:
        rows = dataset.ask(sql.text("jobs/costs.bigquery"), {"since": since}, work="cost")
    except NotFound as error:
        raise Rejected(f"{dataset.name} has no view bigquery_jobs. Deploy this version first.") from error
    return [dict(row.items()) for row in rows]
