"""Migrate a dataset from any earlier state to the tables and views of this version.

Migrations only go forward, and each step is idempotent: the next run completes one that stopped halfway. Code of the
previous version keeps working if tables only gain nullable columns; after a migration that creates tables again
(`rebuilding`) it does not.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from google.api_core.exceptions import NotFound as Absent
from google.cloud.bigquery import Dataset as DatasetResource
from google.cloud.bigquery import SchemaField, Table

import sql as catalogue
from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.fields import VERSIONS
from tillstream.adapters.google.bigquery.rebuilding import drop_copies, rebuild, without_comments
from tillstream.adapters.google.bigquery.views import View, views
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import Rejected

Migration = tuple[int, str, str]
DIGEST_LABEL = "made-from"
"""The label of a view that holds its digest."""
_ADD_VERSION = f"""
INSERT INTO {VERSIONS} (version, name, migrated_at)
SELECT @version, @name, CURRENT_TIMESTAMP()
FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM {VERSIONS} WHERE version = @version)
"""


@dataclass(frozen=True)
class Migrated:
    """What a run changed; the lists are empty and `before` equals `after` if nothing had to be done."""

    before: int
    """The version of the dataset before the run; 0: none."""
    after: int
    tables: Sequence[str]
    """Tables that were created, or whose descriptions were updated."""
    views: Sequence[str]
    """Views that were created or replaced."""


def migrate(dataset: Dataset, migrations: Sequence[Migration] | None = None) -> Migrated:
    """Migrate the dataset.

    Raises `Rejected` if a newer Tillstream migrated it, `Unavailable` if the run must be repeated.
    """
    migrations = catalogue.migrations() if migrations is None else migrations
    for each in (dataset, dataset.loading):
        _create_dataset(each)
    existing = {name: _get_table(dataset, name) for name in tables.LAYOUTS}
    before, newest = _version(dataset, existing), migrations[-1][0]
    if before > newest:
        raise Rejected(
            f"{dataset.name} has table version {before}, but this Tillstream supports only version {newest}."
        )
    updated = []
    if not existing[VERSIONS]:
        # record the version first: every run creates the tables that are missing
        _create_table(dataset, VERSIONS)
        updated.append(VERSIONS)
    if not before:
        dataset.ask(_ADD_VERSION, {"version": newest, "name": migrations[-1][1]}, work="migrate")
    for number, name, script in migrations if before else ():
        if number > before:
            if without_comments(script).strip():
                rebuild(dataset, number, script)
            dataset.ask(_ADD_VERSION, {"version": number, "name": name}, work="migrate")
            drop_copies(dataset, number, script)
    updated += [name for name in tables.LAYOUTS if name != VERSIONS and _update_table(dataset, name)]
    schema_digests = {name: _schema_digest(_get_table(dataset, name)) for name in tables.LAYOUTS}
    replaced = [view.name for view in views(dataset.name, schema_digests) if _replace_view(dataset, view)]
    return Migrated(before, newest, updated, replaced)


def differences(dataset: Dataset, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Describe each difference, including those that `migrate` cannot repair."""
    migrations = catalogue.migrations() if migrations is None else migrations
    existing = {name: _get_table(dataset, name) for name in tables.LAYOUTS}
    version, newest = _version(dataset, existing), migrations[-1][0]
    reported = [] if version == newest else [f"{dataset.name} has table version {version}, not {newest}"]
    for name, actual in existing.items():
        wanted = tables.table(dataset.table(name))
        if actual is None:
            reported.append(f"the table {name} is missing")
            continue
        if _columns(actual) != _columns(wanted):
            reported.append(f"the table {name} has different columns")
        if _layout(actual) != _layout(wanted):
            reported.append(f"the table {name} has a different layout")
    for view in views(dataset.name, {name: _schema_digest(actual) for name, actual in existing.items()}):
        actual = _get_table(dataset, view.name)
        if actual is None or actual.labels.get(DIGEST_LABEL) != view.digest:
            reported.append(f"the view {view.name} {'has a different query' if actual else 'is missing'}")
    return reported


# ---- tables ---------------------------------------------------------------------------------------------------------


def _create_dataset(dataset: Dataset) -> None:
    with dataset.errors(dataset.name):
        try:
            dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TRY)
        except Absent:
            resource = DatasetResource(dataset.reference)
            resource.location, resource.labels = dataset.location, tables.LABELS
            dataset.client.create_dataset(resource, exists_ok=True, retry=CALLS, timeout=TRY)


def _get_table(dataset: Dataset, name: str) -> Table | None:
    with dataset.errors(name):
        try:
            return dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TRY)
        except Absent:
            return None


def _create_table(dataset: Dataset, name: str) -> None:
    with dataset.errors(name):
        dataset.client.create_table(tables.table(dataset.table(name)), exists_ok=True, retry=CALLS, timeout=TRY)


def _update_table(dataset: Dataset, name: str) -> bool:
    """Create the table or update its descriptions; whether anything changed."""
    actual, wanted = _get_table(dataset, name), tables.table(dataset.table(name))
    if actual is None:
        _create_table(dataset, name)
        return True
    descriptions = {field.name: field.description for field in wanted.schema}
    described = [_with_description(field, descriptions.get(field.name, field.description)) for field in actual.schema]
    if actual.description == wanted.description and described == list(actual.schema):
        return False
    actual.description, actual.schema = wanted.description, described
    _patch(dataset, actual, ["description", "schema"])
    return True


def _patch(dataset: Dataset, changed: Table, parts: list[str]) -> None:
    with dataset.errors(changed.table_id):
        dataset.client.update_table(changed, parts, retry=CALLS, timeout=TRY)


def _with_description(field: SchemaField, description: str | None) -> SchemaField:
    return SchemaField.from_api_repr(field.to_api_repr() | {"description": description})


def _version(dataset: Dataset, existing: dict[str, Table | None]) -> int:
    if existing[VERSIONS] is None:
        return 0
    (row,) = dataset.ask(f"SELECT COALESCE(MAX(version), 0) AS version FROM {VERSIONS}", work="migrate")
    return int(row["version"])


def _columns(table: Table) -> set[tuple[str, str, str]]:
    return {(field.name, field.field_type, field.mode) for field in table.schema}


def _layout(table: Table) -> tuple[object, ...]:
    return table.clustering_fields, table.time_partitioning, table.range_partitioning


def _schema_digest(table: Table | None) -> str:
    columns = repr([(field.name, field.field_type) for field in table.schema] if table else [])
    return hashlib.sha256(columns.encode()).hexdigest()


# ---- views ----------------------------------------------------------------------------------------------------------


def _replace_view(dataset: Dataset, view: View) -> bool:
    """Create or replace the view if its text or its columns changed; whether they did."""
    actual = _get_table(dataset, view.name)
    if actual is not None and actual.labels.get(DIGEST_LABEL) == view.digest:
        return False
    dataset.ask(view.statement, work="migrate")
    created = _get_table(dataset, view.name)
    if created is None:
        raise Rejected(f"The view {view.name} was created but does not exist.")
    created.description = view.description
    created.schema = [_with_description(field, view.columns.get(field.name)) for field in created.schema]
    created.labels = tables.LABELS | {DIGEST_LABEL: view.digest}  # last: a view with this label is complete
    _patch(dataset, created, ["description", "schema", "labels"])
    return True
