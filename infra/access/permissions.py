"""The permissions that each call of a port needs, and those of the granted roles.

Only permissions that some call needs are listed for a role; Google's role reference has the complete lists.
"""

from collections.abc import Iterable, Iterator, Mapping

from infra.access.grants import OF_SQL, WEBHOOKS, Grant
from tillstream.model.events import (
    DEAD_LETTERS,
    STAGING,
    TOPIC_BATCHES,
    TOPIC_OBJECTS,
    TOPIC_SALE_EVENTS,
    TOPIC_STORE_SALES,
    WEBHOOK_SUBSCRIPTIONS,
)
from tillstream.model.tables.warehouse_tables import LIVE, TABLES
from tillstream.people import warehouse_scopes

_READS_ROWS = tuple(f"bigquery.readsessions.{does}" for does in ("create", "getData", "update"))
"""Of sessions of BigQuery's Storage API: all those of Google's role for it. They show no table by themselves."""
_REPLACES = ("bigquery.tables.getData", "bigquery.tables.updateData")
"""On the table whose rows are replaced."""
CALLS: dict[str, tuple[str, ...]] = {
    "objects.writer": ("storage.objects.create",),
    "objects.open": ("storage.objects.get",),
    "objects.stat": ("storage.objects.get",),
    "objects.list": ("storage.objects.list",),
    "objects.delete": ("storage.objects.delete",),
    "objects.uri": ("storage.objects.get",),
    "objects.copy": ("storage.objects.get",),
    "objects.start_upload_session": ("storage.objects.create",),
    "objects.cancel_upload_session": (),
    "documents.get": ("datastore.entities.get",),
    "documents.put": ("datastore.entities.get", "datastore.entities.create", "datastore.entities.update"),
    "documents.put_all": ("datastore.entities.get", "datastore.entities.create", "datastore.entities.update"),
    "documents.delete": ("datastore.entities.get", "datastore.entities.delete"),
    "documents.find": ("datastore.entities.list",),
    "documents.count": ("datastore.entities.list",),
    "bus.publish": ("pubsub.topics.publish",),
    "bus.pull": ("pubsub.subscriptions.consume",),
    "bus.acknowledge": ("pubsub.subscriptions.consume",),
    "bus.release": ("pubsub.subscriptions.consume",),
    "bus.extend": ("pubsub.subscriptions.consume",),
    "bus.subscriptions": ("pubsub.subscriptions.list",),
    "bus.queue_depths": ("pubsub.subscriptions.list", "monitoring.timeSeries.list"),
    "bus.dead_letters": ("pubsub.subscriptions.list",),
    "bus.resend": ("pubsub.subscriptions.list",),
    "bus.attach": (
        "pubsub.subscriptions.get",  # to compare its topic
        "pubsub.subscriptions.update",
    ),
    "bus.detach": ("pubsub.subscriptions.update",),
    "warehouse.query": ("bigquery.jobs.create", "bigquery.tables.getData", *_READS_ROWS),
    "warehouse.stream": ("bigquery.jobs.create", "bigquery.tables.getData", *_READS_ROWS),
    "warehouse.ad_hoc": ("iam.serviceAccounts.getAccessToken",),  # the account of its scope may do the rest
    "warehouse.settle": (
        *("bigquery.jobs.create", "bigquery.tables.updateData", *_READS_ROWS),
        *("datastore.entities.get", "datastore.entities.create", "datastore.entities.update"),  # the sale index
    ),
    "warehouse.preview": (
        *("bigquery.jobs.create", "bigquery.tables.updateData", *_READS_ROWS),
        "datastore.entities.get",  # it only reads the sale index
    ),
    "warehouse.replace_table": ("bigquery.jobs.create", *_REPLACES),
    "warehouse.upsert": ("bigquery.jobs.create", *_REPLACES),
    "warehouse.append_live": ("bigquery.tables.updateData",),  # of one table
    "warehouse.refresh_totals": ("bigquery.jobs.create", "bigquery.tables.getData", "bigquery.tables.updateData"),
    "jobs.start": ("run.jobs.run",),
    "functions.call": ("run.routes.invoke",),
    "secrets.get": ("secretmanager.versions.access",),
    "warehouse.compact": ("bigquery.jobs.create", "bigquery.tables.getData", "bigquery.tables.updateData"),
    "warehouse.note_pending_days": (
        *("bigquery.jobs.create", "bigquery.tables.getData", *_READS_ROWS),
        *("datastore.entities.get", "datastore.entities.create", "datastore.entities.update"),  # the sale index
    ),
}
"""Method of a port → permissions that it needs; for a copy, those on its source."""
OF_PROJECT = frozenset({"bus.subscriptions", "bus.queue_depths", "bus.dead_letters", "bus.resend"})
"""Calls of objects and bus that do not concern a single resource."""
SENT_AGAIN_TO = (TOPIC_OBJECTS, TOPIC_BATCHES, TOPIC_STORE_SALES, TOPIC_SALE_EVENTS)
"""Topics to which a dead letter can be sent again: every topic with subscribers."""
BEYOND_PORTS = {
    "roles/run.invoker": "Google requires it before a request reaches Tillstream",
    "roles/iam.serviceAccountTokenCreator": "Pub/Sub's agent creates the tokens of its pushes",
    "roles/bigquery.jobUser": "SQL of people runs as accounts of its own",
    "roles/logging.logWriter": "a build writes its log",
    "roles/artifactregistry.writer": "a build pushes the image",
    "roles/artifactregistry.reader": "a batch of Dataproc reads its image",
    "roles/storage.objectViewer": "a build reads its source",
    "roles/storage.objectUser": "Dataproc writes about a batch, such as its output",
    "roles/pubsub.publisher": "Google's agents report objects and forward dead letters",
    "roles/pubsub.subscriber": "Pub/Sub's agent takes forwarded messages from their subscription",
}
"""Role that no call of a port needs → what needs it. These are not tested, as emulators check no permissions."""

OWN_ROLES = {
    "tillstreamQueries": ("bigquery.jobs.create", *_READS_ROWS),
    "tillstreamWebhooks": ("pubsub.subscriptions.get", "pubsub.subscriptions.update"),
}
"""Roles that the deploy creates in the project → all their permissions."""
_READS = ("storage.objects.get", "storage.objects.list")
_ENTITIES = tuple(f"datastore.entities.{does}" for does in ("get", "list", "create", "update", "delete"))
ROLES: dict[str, tuple[str, ...]] = {
    **OWN_ROLES,
    "roles/storage.objectViewer": _READS,
    "roles/storage.objectCreator": ("storage.objects.create",),
    "roles/storage.objectUser": (*_READS, "storage.objects.create", "storage.objects.delete"),
    "roles/datastore.user": _ENTITIES,
    "roles/datastore.viewer": ("datastore.entities.get", "datastore.entities.list"),
    "roles/pubsub.publisher": ("pubsub.topics.publish",),
    "roles/pubsub.subscriber": ("pubsub.subscriptions.consume",),
    "roles/pubsub.viewer": ("pubsub.subscriptions.list",),
    "roles/monitoring.viewer": ("monitoring.timeSeries.list",),
    "roles/run.invoker": ("run.jobs.run", "run.routes.invoke"),
    "roles/secretmanager.secretAccessor": ("secretmanager.versions.access",),
    "roles/iam.serviceAccountTokenCreator": ("iam.serviceAccounts.getAccessToken",),
    "roles/bigquery.jobUser": ("bigquery.jobs.create",),
    "roles/bigquery.dataViewer": ("bigquery.tables.getData",),
    "roles/bigquery.dataEditor": ("bigquery.tables.getData", "bigquery.tables.updateData", "bigquery.tables.create"),
}

LOADING = "loading"
"""The dataset of temporary tables, as the target of a permission."""
Permission = tuple[str, str]
"""Permission, and the bucket, topic, subscription, job, function or table; empty for the project, the whole dataset or
the documents."""

_ON: Mapping[str, frozenset[str]] = {
    "run.jobs.run": frozenset({"job"}),
    "run.routes.invoke": frozenset({"function"}),
    "bigquery.tables.create": frozenset({"dataset", "loading"}),
}
"""Permission → the kinds of resources that it concerns, if its role can be granted on others too."""


def required_permissions(call: str, where: str = "") -> set[Permission]:
    """The permissions of one call of a port."""
    narrow = call.partition(".")[0] in {"objects", "bus", "jobs", "functions"} and call not in OF_PROJECT
    if call in {"warehouse.replace_table", "warehouse.upsert"}:
        loads = {
            ("bigquery.jobs.create", ""),
            ("bigquery.tables.create", LOADING),
            ("bigquery.tables.getData", LOADING),
            ("bigquery.tables.updateData", LOADING),
        }
        return loads | {(permission, where) for permission in _REPLACES}
    if call == "warehouse.ad_hoc":
        scope = required_permissions("warehouse.upsert", warehouse_scopes.USER_SCOPES_TABLE) | required_permissions(
            "warehouse.query"
        )
        return scope | {(permission, OF_SQL) for permission in CALLS[call]}
    if call == "warehouse.append_live":
        return {("bigquery.tables.updateData", LIVE)}
    if where.startswith(WEBHOOK_SUBSCRIPTIONS):
        where = WEBHOOKS
    permissions = {(permission, where if narrow else "") for permission in CALLS[call]}
    if call in {"bus.dead_letters", "bus.resend"}:
        permissions.add(("pubsub.subscriptions.consume", DEAD_LETTERS))
    if call == "bus.resend":
        permissions |= {("pubsub.topics.publish", topic) for topic in SENT_AGAIN_TO}
    if call in {"warehouse.settle", "warehouse.preview"}:
        permissions |= {("storage.objects.get", STAGING), ("bigquery.tables.getData", "")}
    return permissions


def granted_permissions(grants: Iterable[Grant]) -> Iterator[Permission]:
    """The permissions of an account with these grants."""
    for grant in grants:
        names = {"dataset": ("", *TABLES), "loading": (LOADING,)}.get(grant.on, (grant.name,))
        held = [permission for permission in ROLES[grant.role] if grant.on in _ON.get(permission, {grant.on})]
        yield from ((permission, name) for permission in held for name in names)


def unneeded_permissions(grants: Iterable[Grant], required: Iterable[Permission]) -> set[Permission]:
    """The permissions of these grants that nothing requires. One on the dataset is needed if any table requires it."""
    grants = tuple(grants)
    of_dataset = {permission for permission, _ in granted_permissions(each for each in grants if each.on == "dataset")}

    def collapsed(permissions: Iterable[Permission]) -> set[Permission]:
        return {
            (permission, "" if permission in of_dataset and where in TABLES else where)
            for permission, where in permissions
        }

    return collapsed(granted_permissions(grants)) - collapsed(required)
