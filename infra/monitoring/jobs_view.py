"""The view of the project's BigQuery jobs by work and account, for `tillstream deploy cost`."""

import sql
from infra.jobs import JOBS
from infra.kinds import bigquery
from infra.resource import Resource
from infra.stage import Stage

NAME = "bigquery_jobs"
USD_PER_TIB = 6.25
"""List price of a TiB billed to on-demand queries in europe-west1, mid-2025."""


def query(region: str) -> str:
    """The SELECT of the view. region: of the jobs, which is that of the dataset."""
    jobs = ", ".join(f"'{job.name}'" for job in JOBS)
    text = sql.statement(f"jobs/{NAME}.bigquery")
    return text.format(region=region.lower(), jobs=jobs, usd_per_tib=USD_PER_TIB)


def view(stage: Stage, within: Resource) -> Resource:
    """The view, in the dataset `within`."""
    description = "The jobs of BigQuery by work and account, with bytes billed and their list price"
    return bigquery.view(stage.project, within, NAME, query(stage.region), description)
