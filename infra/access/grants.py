"""Roles of service accounts on single resources."""

from dataclasses import dataclass
from typing import Literal

from tillstream.model.events import INBOX, STAGING, TOPIC_BATCHES, WEBHOOK_SUBSCRIPTIONS
from tillstream.model.tables.warehouse_tables import LIVE
from tillstream.ports.jobs import (
    CALLED_FUNCTIONS,
    CONNECT_JOB,
    FORECAST_JOB,
    REPORTS_JOB,
    RESTOCK_JOB,
    SETTLE_LARGE_JOB,
)
from tillstream.spark.dataproc_batches import BATCHES_FOLDER as BATCHES

WEBHOOKS = f"{WEBHOOK_SUBSCRIPTIONS}*"
"""As the name of a subscription: each of those of webhooks."""

SQL_ACCOUNTS = tuple(f"tillstream-sql-{number}" for number in range(1, 9))
"""Accounts that run SQL of people, each within one scope at a time: as many scopes can be in use within a minute."""
OF_SQL = "tillstream-sql-*"
"""As the name of an account: each of those."""


@dataclass(frozen=True)
class Grant:
    """A role of the function's service account on one resource, or on the project."""

    role: str
    on: Literal[
        "project", "bucket", "topic", "subscription", "dataset", "loading", "table", "job", "function", "account"
    ] = "project"
    name: str = ""
    """The logical bucket, the topic, the subscription, the table, the job, the function or the account. `loading` is
    the dataset of temporary tables."""
    folder: str = ""
    """Of a bucket: limits the role to objects whose names start with it."""


DOCUMENTS = Grant("roles/datastore.user")
READS_DOCUMENTS = Grant("roles/datastore.viewer")
RUNS_QUERIES = Grant("tillstreamQueries")
"""Of our own making: Google has one role for jobs of BigQuery and another for fast reads of their rows, and a deploy
grants roles of the project one after another."""

ATTACHES = Grant("tillstreamWebhooks", "subscription", WEBHOOKS)
"""Of our own making: no role of Google changes a subscription without the right to delete it."""
FORWARDS = Grant("roles/pubsub.subscriber", "subscription", WEBHOOKS)
READS = (Grant("roles/bigquery.dataViewer", "dataset"), RUNS_QUERIES)
LOADS = Grant("roles/bigquery.dataEditor", "loading")
"""For rows that replace others: they are loaded into a temporary table before."""
WRITES = (Grant("roles/bigquery.dataEditor", "dataset"), RUNS_QUERIES)

RUNS_SQL = Grant("roles/iam.serviceAccountTokenCreator", "account", OF_SQL)
ADDS_ORIGINALS = tuple(Grant(f"roles/storage.{role}", "bucket", INBOX) for role in ("objectCreator", "objectViewer"))
"""Without the right to delete or replace them."""

APPENDS_LIVE = Grant("roles/bigquery.dataEditor", "table", LIVE)
"""The table of sales that are not settled yet."""
LEAVES_LARGE = Grant("roles/run.invoker", "job", SETTLE_LARGE_JOB)
STARTS_FORECASTS = Grant("roles/run.invoker", "job", FORECAST_JOB)
STARTS_REPORTS = Grant("roles/run.invoker", "job", REPORTS_JOB)
STARTS_CONNECTORS = Grant("roles/run.invoker", "job", CONNECT_JOB)
CALLS = tuple(Grant("roles/run.invoker", "function", name) for name in CALLED_FUNCTIONS)
"""The functions that the portal calls."""
STARTS_RESTOCK = Grant("roles/run.invoker", "job", RESTOCK_JOB)
SOURCE_SECRETS = Grant("roles/secretmanager.secretAccessor")
"""Limited to the secrets of connectors, whose names begin with tillstream-source-."""
STARTS_DUE = (STARTS_FORECASTS, STARTS_REPORTS, STARTS_RESTOCK, STARTS_CONNECTORS)
"""The jobs that the sweep starts if something is due."""
STAGES_ON_SPARK = (
    Grant("roles/storage.objectViewer", "bucket", INBOX),
    Grant("roles/storage.objectCreator", "bucket", STAGING),
    Grant("roles/storage.objectViewer", "bucket", STAGING, BATCHES),
)
"""Of batches of Dataproc: they read originals and their tasks, and add staged rows. They replace and delete nothing."""
OF_DATAPROC = Grant("roles/storage.objectUser", "bucket", STAGING, "google-cloud-dataproc-metainfo/")
"""For what Dataproc writes about a batch itself, such as its output."""
PUBLISHES = Grant("roles/pubsub.publisher", "topic", TOPIC_BATCHES)
STAGES_SALES = (Grant("roles/storage.objectUser", "bucket", STAGING), DOCUMENTS, PUBLISHES, APPENDS_LIVE)
"""Of store sales: their rows as Parquet, and as lines that are visible before they are settled."""


def write_tables(*names: str) -> tuple[Grant, ...]:
    """Read the dataset, and replace rows of these tables."""
    return (*READS, LOADS, *(Grant("roles/bigquery.dataEditor", "table", name) for name in names))
