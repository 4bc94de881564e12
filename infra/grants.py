"""Roles of service accounts on single resources."""

from dataclasses import dataclass
from typing import Literal

from tillstream.domain.events import STAGING, TOPIC_BATCHES
from tillstream.ports.jobs import CONNECT, FORECAST, REPORTS, RESTOCK, SETTLE_LARGE


@dataclass(frozen=True)
class Grant:
    """A role of the function's service account on one resource, or on the project."""

    role: str
    on: Literal["project", "bucket", "topic", "subscription", "dataset", "job"] = "project"
    name: str = ""
    """The logical bucket, the topic, the subscription or the job."""
    folder: str = ""
    """Of a bucket: limits the role to objects whose names start with it."""


DOCUMENTS = Grant("roles/datastore.user")
JOBS = Grant("roles/bigquery.jobUser")
FAST_READS = Grant("roles/bigquery.readSessionUser")
ATTACHES = Grant("tillstreamWebhooks")
"""Of our own making: no role of Google creates subscriptions without the right to delete topics."""
READS = (Grant("roles/bigquery.dataViewer", "dataset"), JOBS, FAST_READS)
WRITES = (Grant("roles/bigquery.dataEditor", "dataset"), JOBS, FAST_READS)
APPENDS_LIVE = Grant("roles/bigquery.dataEditor")
"""Limited to the table of sales that are not settled yet."""
LEAVES_LARGE = Grant("roles/run.invoker", "job", SETTLE_LARGE)
STARTS_FORECASTS = Grant("roles/run.invoker", "job", FORECAST)
STARTS_REPORTS = Grant("roles/run.invoker", "job", REPORTS)
STARTS_CONNECTORS = Grant("roles/run.invoker", "job", CONNECT)
STARTS_RESTOCK = Grant("roles/run.invoker", "job", RESTOCK)
SOURCE_SECRETS = Grant("roles/secretmanager.secretAccessor")
"""Limited to the secrets of connectors, whose names begin with tillstream-source-."""
STARTS_DUE = (STARTS_REPORTS, STARTS_RESTOCK, STARTS_CONNECTORS)
"""The jobs that the sweep starts if something is due."""
PUBLISHES = Grant("roles/pubsub.publisher", "topic", TOPIC_BATCHES)
STAGES_SALES = (Grant("roles/storage.objectUser", "bucket", STAGING), DOCUMENTS, PUBLISHES, APPENDS_LIVE)
"""Of store sales: their rows as Parquet, and as lines that are visible before they are settled."""
