"""The costs of a Google Cloud project's BigQuery jobs."""

from contextlib import closing
from typing import Any

from tillstream.adapters.google.bigquery import job_costs
from tillstream.app.google.dataset import dataset_of
from tillstream.settings import Settings


def costs(settings: Settings, days: int) -> list[dict[str, Any]]:
    """As `jobs.costs`, of the project of the settings."""
    with closing(dataset_of(settings)) as dataset:
        return job_costs.job_costs(dataset, days)
