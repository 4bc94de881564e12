"""Service accounts and their roles: one account per function, with the least privileges."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.access.grants import (
    ADDS_ORIGINALS,
    CALLS,
    DOCUMENTS,
    OF_DATAPROC,
    OF_SQL,
    PUBLISHES,
    READS_DOCUMENTS,
    RUNS_SQL,
    SOURCE_SECRETS,
    SQL_ACCOUNTS,
    STAGES_ON_SPARK,
    STARTS_CONNECTORS,
    STARTS_FORECASTS,
    STARTS_REPORTS,
    WEBHOOKS,
    Grant,
    write_tables,
)
from infra.function import Pushed, Scheduled
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
from infra.kinds.iam import Role
from infra.stage import Stage
from tillstream.model.events import (
    DEAD_LETTERS,
    STAGING,
    TOPIC_OBJECTS,
    TOPIC_SALE_EVENTS,
    TOPIC_STORE_SALES,
    WEBHOOK_PLACES,
)
from tillstream.model.tables.catalogue_tables import CATALOGUE_TABLES
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.people import warehouse_scopes
from tillstream.ports.machine import SECRET_PREFIX
from tillstream.spark.dataproc_batches import SPARK_ACCOUNT as SPARK

PORTAL, EVENTS, SCHEDULER, BUILD = "tillstream-portal", "tillstream-events", "tillstream-scheduler", "tillstream-build"
REPOSITORY = "tillstream"
INVOKER = "roles/run.invoker"
QUERIES = "roles/bigquery.jobUser"
"""Of readers, who may otherwise see the views but run no query."""

PORTAL_TABLES = (*CATALOGUE_TABLES, *STOCK_TABLES, warehouse_scopes.USER_SCOPES_TABLE)
"""The tables that the portal writes: mirrors of documents, what is computed from them, and the scopes of the accounts
that run SQL of people. Not the ledger."""
PORTAL_GRANTS: tuple[Grant, ...] = (
    *ADDS_ORIGINALS,
    Grant("roles/storage.objectUser", "bucket", STAGING),
    *write_tables(*PORTAL_TABLES),
    DOCUMENTS,
    PUBLISHES,
    *CALLS,
    STARTS_FORECASTS,
    STARTS_REPORTS,
    STARTS_CONNECTORS,
    SOURCE_SECRETS,
    RUNS_SQL,
    *(Grant("roles/pubsub.publisher", "topic", name) for name in (TOPIC_STORE_SALES, TOPIC_OBJECTS, TOPIC_SALE_EVENTS)),
    Grant("roles/pubsub.subscriber", "subscription", DEAD_LETTERS),
    Grant("roles/pubsub.viewer"),
    Grant("roles/monitoring.viewer"),
)
"""The portal receives uploads and sales, which it cannot delete, stores incomplete uploads and previews in staging,
writes the mirrors of documents, calls the functions that write the ledger and attach webhooks, lists and resends dead
letters, tests the sources of connectors, and runs SQL of people as other accounts."""


@dataclass(frozen=True)
class Agent:
    """A Google-managed service account of a service in the project; created on first request."""

    api: str
    address: str

    def member(self, stage: Stage) -> str:
        return f"serviceAccount:{self.address.format(number=stage.number)}"


STORAGE_AGENT = Agent("storage.googleapis.com", "service-{number}@gs-project-accounts.iam.gserviceaccount.com")
PUBSUB_AGENT = Agent("pubsub.googleapis.com", "service-{number}@gcp-sa-pubsub.iam.gserviceaccount.com")
AGENTS = (STORAGE_AGENT, PUBSUB_AGENT)


def accounts() -> dict[str, str]:
    """Id of each service account → its purpose."""
    return {
        **{spec.account: f"Tillstream: function {spec.name}" for spec in FUNCTIONS},
        **{job.account: f"Tillstream: job {job.name}" for job in JOBS},
        PORTAL: "Tillstream: portal",
        EVENTS: "Tillstream: calls functions for events",
        SCHEDULER: "Tillstream: calls functions by the clock",
        BUILD: "Tillstream: builds the image",
        SPARK: "Tillstream: backfills on Dataproc",
        **dict.fromkeys(SQL_ACCOUNTS, "Tillstream: SQL of people"),
    }


@dataclass(frozen=True, order=True)
class On:
    """The target of a role: kind and name as in `Grant`; also account, function, portal, secret, repository."""

    kind: str
    name: str = ""


def roles(stage: Stage, secrets: tuple[str, ...]) -> dict[On, set[Role]]:
    """All roles of our accounts, and of the Google-managed accounts on which they depend. secrets: the portal's."""
    grants: dict[On, set[Role]] = {}
    for on, role in _roles(stage, secrets):
        grants.setdefault(on, set()).add(role)
    return grants


def _roles(stage: Stage, secrets: tuple[str, ...]) -> Iterator[tuple[On, Role]]:
    for account, grants in _own_grants():
        for grant in grants:
            role = Role(role_name(stage, grant.role), _member(stage, account), _bounds(stage, grant))
            yield from ((On(grant.on, name), role) for name in _names(grant))
    for account, names in ((PORTAL, secrets), *((job.account, job.secrets(stage).values()) for job in JOBS)):
        for name in names:
            yield On("secret", name), Role("roles/secretmanager.secretAccessor", _member(stage, account))
    yield On("portal"), Role(INVOKER, stage["PORTAL_OPEN_TO"])
    for reader in stage["READERS"].split():
        yield On("project"), Role(QUERIES, reader)
    for account in SQL_ACCOUNTS:  # which read the views for reports as their readers do
        yield On("project"), Role(QUERIES, _member(stage, account))
    yield from _callers(stage)
    yield from _builder(stage)
    yield from _agents(stage)


def loading(stage: Stage) -> str:
    """The dataset of temporary tables."""
    return f"{stage['DATASET']}_loading"


def table_writers() -> list[tuple[str, str]]:
    """(table, account that may write it) of the accounts that may write single tables only."""
    return [(grant.name, account) for account, grants in _own_grants() for grant in grants if grant.on == "table"]


def _own_grants() -> Iterator[tuple[str, tuple[Grant, ...]]]:
    """Account of a function, of a job or of the portal → its grants."""
    yield from ((spec.account, spec.grants) for spec in (*FUNCTIONS, *JOBS))
    yield PORTAL, PORTAL_GRANTS
    yield SPARK, (*STAGES_ON_SPARK, OF_DATAPROC)


def _names(grant: Grant) -> tuple[str, ...]:
    """What a grant names: conditions cannot select subscriptions and accounts, so each of several is named."""
    return {WEBHOOKS: tuple(sorted(WEBHOOK_PLACES)), OF_SQL: SQL_ACCOUNTS}.get(grant.name, (grant.name,))


def role_name(stage: Stage, role: str) -> str:
    """The full name of a role; those of our own making belong to the project."""
    return role if "/" in role else f"projects/{stage.project}/roles/{role}"


def _bounds(stage: Stage, grant: Grant) -> str:
    """The condition that limits a role: on documents to one database, as Firestore has only the policy of the project,
    on objects to a folder, and on secrets to those of connectors."""
    if grant == SOURCE_SECRETS:
        return f'resource.name.startsWith("projects/{stage.number}/secrets/{SECRET_PREFIX}")'
    if grant.folder:
        return f'resource.name.startsWith("projects/_/buckets/{stage.bucket(grant.name)}/objects/{grant.folder}")'
    return (
        f'resource.name == "projects/{stage.project}/databases/(default)"'
        if grant in {DOCUMENTS, READS_DOCUMENTS}
        else ""
    )


def _callers(stage: Stage) -> Iterator[tuple[On, Role]]:
    """The accounts that deliver events or scheduled calls to functions."""
    for spec in FUNCTIONS:
        for trigger in spec.triggers:
            account = SCHEDULER if isinstance(trigger, Scheduled) else EVENTS
            yield On("function", spec.name), Role(INVOKER, _member(stage, account))


def _builder(stage: Stage) -> Iterator[tuple[On, Role]]:
    """Builds read their source, write their log and push the image; batches of Dataproc read theirs."""
    member = _member(stage, BUILD)
    yield On("project"), Role("roles/logging.logWriter", member)
    yield On("bucket", "source"), Role("roles/storage.objectViewer", member)
    yield On("repository", REPOSITORY), Role("roles/artifactregistry.writer", member)
    yield On("repository", REPOSITORY), Role("roles/artifactregistry.reader", _member(stage, SPARK))


def _agents(stage: Stage) -> Iterator[tuple[On, Role]]:
    """Roles that Google's agents need to deliver events."""
    pubsub = PUBSUB_AGENT.member(stage)
    yield On("topic", TOPIC_OBJECTS), Role("roles/pubsub.publisher", STORAGE_AGENT.member(stage))
    yield On("account", EVENTS), Role("roles/iam.serviceAccountTokenCreator", pubsub)
    yield On("topic", DEAD_LETTERS), Role("roles/pubsub.publisher", pubsub)
    # for those of `tillstream subscribe`, which have no names yet
    yield On("project"), Role("roles/pubsub.subscriber", pubsub)
    for name in dead_letter_subscriptions():
        yield On("subscription", name), Role("roles/pubsub.subscriber", pubsub)


def dead_letter_subscriptions() -> list[str]:
    """Every subscription with a dead-letter policy."""
    pushed = [t.subscription for spec in FUNCTIONS for t in spec.triggers if isinstance(t, Pushed)]
    return [*pushed, "receive", *sorted(WEBHOOK_PLACES)]


def _member(stage: Stage, account: str) -> str:
    return f"serviceAccount:{stage.account(account)}"
