"""The calls of ports that each function, each job and the portal makes: what their accounts have roles for.

Tests hold both sides to this table: the calls that entry points are seen to make are these, and the granted
permissions are those that these need, or are listed here with the reason. A call that is added here asks for a role,
and a role that no call needs fails.
"""

from collections.abc import Mapping

from infra.access import permissions
from infra.access.accounts import PORTAL_TABLES
from infra.access.grants import WEBHOOKS
from infra.access.permissions import Permission, required_permissions
from tillstream.model.events import INBOX, STAGING, WEBHOOK_SUBSCRIPTIONS
from tillstream.model.tables.warehouse_tables import LIVE

_CALLS: Mapping[str, str] = {
    "sales": """
        bus.publish:batch-events documents.get documents.put_all objects.open:inbox objects.open:staging
        objects.stat:staging objects.writer:staging warehouse.append_live
    """,
    "receive": """
        bus.acknowledge:receive bus.publish:batch-events bus.pull:receive documents.find documents.get
        documents.put documents.put_all objects.open:inbox objects.open:staging objects.stat:staging
        objects.writer:inbox objects.writer:staging warehouse.append_live warehouse.query
    """,
    "stage": """
        bus.publish:batch-events documents.find documents.get documents.put_all objects.open:inbox
        objects.writer:staging warehouse.query
    """,
    "settle": """
        bus.publish:batch-events documents.find documents.get documents.put_all jobs.start:settle-large
        objects.stat:staging objects.uri:staging warehouse.settle
    """,
    "announce": """
        bus.publish:sale-events bus.subscriptions documents.find documents.get documents.put documents.put_all
        warehouse.query warehouse.stream
    """,
    "project": """
        documents.find documents.get documents.put documents.put_all warehouse.query warehouse.refresh_totals
        warehouse.replace_table:stock_levels warehouse.upsert:stock_movements
    """,
    "sweep": """
        bus.dead_letters bus.publish:batch-events bus.publish:sale-events bus.subscriptions documents.count
        documents.delete documents.find documents.get documents.put documents.put_all jobs.start:connect
        jobs.start:forecast jobs.start:reports jobs.start:restock jobs.start:settle-large objects.delete:inbox
        objects.delete:staging objects.list:inbox objects.list:staging objects.open:inbox objects.stat:staging
        objects.uri:staging objects.writer:inbox warehouse.query warehouse.replace_table:reporting
        warehouse.replace_table:reporting_rates warehouse.settle warehouse.stream warehouse.upsert:stock_levels
        warehouse.upsert:stock_movements warehouse.upsert:user_scopes
    """,
    "compact": """
        documents.delete documents.find documents.get documents.put documents.put_all jobs.start:forecast
        warehouse.compact warehouse.query warehouse.upsert:stock_levels
    """,
    "index": """
        warehouse.note_pending_days
    """,
    "forward": """
        bus.acknowledge:webhook-* bus.attach:webhook-* bus.extend:webhook-* bus.pull:webhook-*
        bus.release:webhook-* documents.delete documents.find documents.get documents.put documents.put_all
    """,
    "decide": """
        bus.publish:batch-events documents.find documents.get documents.put documents.put_all
        jobs.start:settle-large objects.delete:staging objects.list:staging objects.open:inbox
        objects.uri:staging objects.writer:staging warehouse.preview warehouse.query warehouse.settle
    """,
    "homes": """
        bus.publish:batch-events documents.count documents.delete documents.find documents.get documents.put
        documents.put_all jobs.start:settle-large objects.open:inbox objects.open:staging objects.stat:inbox
        objects.stat:staging objects.uri:staging objects.writer:inbox objects.writer:staging warehouse.query
        warehouse.replace_table:catalogue_products warehouse.replace_table:reporting
        warehouse.replace_table:reporting_rates warehouse.replace_table:stock_levels warehouse.settle
        warehouse.upsert:catalogue_changes warehouse.upsert:fx_rates warehouse.upsert:stock_movements
    """,
    "attach": """
        bus.attach:webhook-* bus.detach:webhook-* documents.get
    """,
    "settle-large": """
        bus.publish:batch-events documents.delete documents.find documents.get documents.put documents.put_all
        objects.stat:staging objects.uri:staging warehouse.query warehouse.settle
    """,
    "forecast": """
        documents.delete documents.find documents.get documents.put documents.put_all objects.delete:staging
        objects.list:staging objects.open:staging objects.writer:staging warehouse.query
        warehouse.refresh_totals warehouse.replace_table:forecast_accuracy warehouse.replace_table:forecasts
        warehouse.replace_table:holidays warehouse.replace_table:price_effects warehouse.stream
    """,
    "reports": """
        documents.delete documents.find documents.get documents.put documents.put_all objects.delete:staging
        objects.open:staging objects.writer:staging secrets.get warehouse.query
    """,
    "restock": """
        documents.delete documents.find documents.get documents.put documents.put_all warehouse.query
        warehouse.refresh_totals warehouse.replace_table:restock_lines warehouse.stream
    """,
    "connect": """
        bus.publish:batch-events bus.publish:store-sales documents.delete documents.find documents.get
        documents.put documents.put_all objects.open:inbox objects.open:staging objects.stat:inbox
        objects.writer:inbox objects.writer:staging secrets.get
    """,
    "portal": """
        bus.dead_letters bus.publish:batch-events bus.publish:store-sales bus.queue_depths bus.resend
        bus.subscriptions documents.count documents.delete documents.find documents.get documents.put
        documents.put_all functions.call:attach functions.call:decide functions.call:homes
        functions.call:project functions.call:sweep jobs.start:connect jobs.start:forecast jobs.start:reports
        objects.delete:staging objects.list:inbox objects.list:staging objects.open:inbox objects.open:staging
        objects.stat:inbox objects.stat:staging objects.writer:inbox objects.writer:staging secrets.get
        warehouse.ad_hoc warehouse.query warehouse.stream
    """,
}
PORTAL = "portal"
OF_MIRRORS = frozenset(f"warehouse.upsert:{name}" for name in PORTAL_TABLES)
CALLS: Mapping[str, frozenset[str]] = {
    entry: frozenset(text.split()) | (OF_MIRRORS if entry == PORTAL else frozenset()) for entry, text in _CALLS.items()
}
"""Entry point → its calls: method of a port, and the bucket, topic, subscription, table, job or function."""
NOT_RECORDED: Mapping[tuple[str, str], str] = {
    (
        "receive",
        "warehouse.query",
    ): "a sale in a currency or country that the contract does not name is compared with the ledger",
    ("stage", "warehouse.query"): "a contract with the rule `outliers` compares with the lines of the ledger",
    ("portal", "warehouse.ad_hoc"): "on one machine, statements of people run in processes of their own",
}
"""(entry point, call) → why no test records it."""
COME_WITH_ROLES: Mapping[Permission, tuple[str, str]] = {
    ("bigquery.tables.create", ""): (
        "dataEditor writes tables, and creates them",
        "settle project sweep compact decide homes settle-large forecast restock",
    ),
    ("bigquery.tables.getData", LIVE): ("dataEditor adds rows, and reads them", "sales"),
    ("datastore.entities.delete", ""): (
        "datastore.user is the only role that writes documents",
        "sales receive stage settle announce project index decide",
    ),
    ("datastore.entities.list", ""): (
        "datastore.user and viewer read single documents and lists",
        "sales index attach",
    ),
    ("storage.objects.create", STAGING): ("objectUser deletes staged rows, and adds some", "sweep"),
    ("storage.objects.delete", STAGING): (
        "a repeated call replaces what the call before it staged, which deletes",
        "sales receive stage homes connect",
    ),
    ("storage.objects.get", STAGING): ("objectUser adds staged rows, and reads them", "stage"),
    ("storage.objects.list", INBOX): (
        "objectViewer reads objects, and lists them",
        "sales receive stage decide homes connect",
    ),
    ("storage.objects.list", STAGING): (
        "objectViewer reads objects, and lists them",
        "sales receive stage settle homes settle-large reports connect",
    ),
}
"""Permission that no call needs → why its role is granted anyway, and the entry points with it."""


def name_of(call: str, where: str) -> str:
    """The name in this table of a call with its first argument."""
    if where.startswith(WEBHOOK_SUBSCRIPTIONS):
        where = WEBHOOKS
    is_narrow = call.partition(".")[0] in {"objects", "bus", "jobs", "functions"} and call not in permissions.OF_PROJECT
    is_narrow = is_narrow or call in {"warehouse.replace_table", "warehouse.upsert"}
    return f"{call}:{where}" if is_narrow else call


def come_with_roles(entry: str) -> set[Permission]:
    return {permission for permission, (_, entries) in COME_WITH_ROLES.items() if entry in entries.split()}


def required(entry: str) -> set[Permission]:
    """The permissions that the calls of an entry point need."""
    calls = (call.partition(":") for call in CALLS[entry])
    return {permission for call, _, where in calls for permission in required_permissions(call, where)}
