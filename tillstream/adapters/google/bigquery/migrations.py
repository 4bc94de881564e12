"""Migrate a dataset from any earlier state to the tables and views of this version.

A stored view has no default dataset, so the names in it are qualified; its digest decides whether it must be replaced.

BigQuery cannot change the partitions of a table. A migration reads the earlier rows of a table NAME from a copy,
NAME_before_NUMBER, and inserts them into new tables. A copy is complete before its table is deleted, and is kept until
the migration is recorded: every run of the migration starts again from the copies.

Migrations only go forward, and each step is idempotent: the next run completes one that stopped halfway. Code of the
previous version keeps working if tables only gain nullable columns; after a migration that creates tables again
(`rebuild_tables`) it does not.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from google.api_core.exceptions import NotFound as Absent
from google.cloud.bigquery import Dataset as DatasetResource
from google.cloud.bigquery import SchemaField, Table

import sql as catalogue
from sql import BIGQUERY_VIEWS
from tillstream.adapters.google.api_retries import TIMEOUT
from tillstream.adapters.google.bigquery import access, tables
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.tables import EPOCH, SCHEMA_VERSIONS
from tillstream.model.errors import Rejected
from tillstream.model.ids import short_hash
from tillstream.model.tables.warehouse_tables import TABLES, column_descriptions

_NAME = re.compile(r"\b(?P<before>(?:FROM|JOIN|VIEW)\s+)(?P<name>\w+)\b")

REBUILD_WITHIN = 3_600.0
"""Timeout of one statement or script, in seconds."""
COMPLETE_LABEL = {"complete": "yes"}
"""The label of a copy that has every row of its table."""

Migration = tuple[int, str, str]
DIGEST_LABEL = "made-from"
"""The label of a view that holds its digest."""
_ADD_VERSION = f"""
INSERT INTO {SCHEMA_VERSIONS} (version, name, migrated_at)
SELECT @version, @name, CURRENT_TIMESTAMP()
FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM {SCHEMA_VERSIONS} WHERE version = @version)
"""


@dataclass(frozen=True)
class StoredView:
    name: str
    statement: str
    """CREATE OR REPLACE VIEW, in one dataset."""
    description: str
    columns: Mapping[str, str]
    """Column → its description."""
    digest: str
    """Digest of its text and of everything that it reads: a view has the columns of its tables at creation."""


def stored_views(dataset: str, tables: Mapping[str, str]) -> Iterator[StoredView]:
    """Every view, in order of creation. tables: name → digest of its columns."""
    digests = dict(tables)
    descriptions = {
        field.name: field.description for fields in TABLES.values() for field in fields
    } | column_descriptions()
    for path, (name, text) in zip(BIGQUERY_VIEWS, catalogue.views(BIGQUERY_VIEWS), strict=True):
        inputs = {match["name"] for match in _NAME.finditer(text)} & digests.keys()
        digests[name] = short_hash(text, *(digests[other] for other in sorted(inputs)), length=32)
        columns = {column: column_doc.words for column, column_doc in catalogue.columns_of(path, descriptions).items()}
        yield StoredView(name, _in_dataset(text, dataset, {name, *inputs}), _header(text), columns, digests[name])


def _in_dataset(text: str, dataset: str, names: set[str]) -> str:
    """Qualify these names in the text; names of its own WITH clauses stay."""
    return _NAME.sub(
        lambda match: f"{match['before']}`{dataset}`.{match['name']}" if match["name"] in names else match[0], text
    )


def _header(text: str) -> str:
    """The leading comment of the file, up to its column descriptions."""
    lines = takewhile(lambda line: line.startswith("--") and not line.startswith("-- - "), text.splitlines())
    return "\n".join(line.removeprefix("--").strip() for line in lines)


def without_comments(script: str) -> str:
    return re.sub(r"--[^\n]*", "", script)


def rebuild_tables(dataset: Dataset, number: int, script: str) -> None:
    """Copy the tables whose earlier rows the script reads, create those that it fills, and run it.

    Without the epoch, no settlement can commit meanwhile. Views for reports lose their access until
    `reporting_views.publish` has protected the new tables. Raises `Rejected` if a table is missing or if rows of it are
    hidden; nothing is lost then.
    """
    copied = _copied(number, script)
    if copied:
        access.revoke_views(dataset)
    for name in copied:
        _copy_table(dataset, name, f"{name}_before_{number:03}")
        if name == EPOCH:
            _delete_table(dataset, name)
    filled = [name for name in tables.LAYOUTS if re.search(rf"\bINSERT INTO {name}\b", script)] if copied else []
    for name in [*copied, *reversed(filled)]:  # a table precedes those that its foreign keys reference
        _delete_table(dataset, name)
    for name in filled:
        with dataset.errors(name):
            dataset.client.create_table(tables.table_resource(dataset.table(name)), retry=CALLS, timeout=TIMEOUT)
    dataset.ask(script, work="migrate", within=REBUILD_WITHIN)


def drop_copies(dataset: Dataset, number: int, script: str) -> None:
    for name in _copied(number, script):
        _delete_table(dataset, f"{name}_before_{number:03}")


def _copied(number: int, script: str) -> list[str]:
    """The tables whose earlier rows the script reads: first the epoch, then each before those that it references."""
    names = set(re.findall(rf"\b(\w+)_before_{number:03}\b", without_comments(script)))
    order = [EPOCH, *reversed([*tables.LAYOUTS])]
    return sorted(names, key=lambda name: order.index(name) if name in order else 1)


def _copy_table(dataset: Dataset, name: str, copy: str) -> None:
    """Copy the table with a query, because a copy job also copies foreign keys."""
    if _is_complete(_find_table(dataset, copy)):
        return
    source = _find_table(dataset, name)
    if source is None:
        raise Rejected(f"The table {name} of {dataset.name} is missing. Restore it, then repeat the migration.")
    (visible,) = dataset.ask(f"SELECT COUNT(*) AS n FROM {name}", work="migrate", within=REBUILD_WITHIN)
    if visible["n"] < (source.num_rows or 0):  # row access policies hide the other rows from whoever deploys
        dataset.ask(f"DROP ALL ROW ACCESS POLICIES ON `{dataset.project}.{dataset.name}.{name}`", work="migrate")
    dataset.ask(f"CREATE OR REPLACE TABLE {copy} AS SELECT * FROM {name}", work="migrate", within=REBUILD_WITHIN)
    created = _find_table(dataset, copy)
    if created is None or (created.num_rows or 0) < (source.num_rows or 0):
        raise Rejected(f"Not all rows of {name} are visible. Nothing was changed; repeat the migration in a minute.")
    created.labels = tables.LABELS | COMPLETE_LABEL
    with dataset.errors(copy):
        dataset.client.update_table(created, ["labels"], retry=CALLS, timeout=TIMEOUT)


def _is_complete(copy: Table | None) -> bool:
    return copy is not None and copy.labels.items() >= COMPLETE_LABEL.items()


def _find_table(dataset: Dataset, name: str) -> Table | None:
    with dataset.errors(name):
        try:
            return dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TIMEOUT)
        except Absent:
            return None


def _delete_table(dataset: Dataset, name: str) -> None:
    with dataset.errors(name):
        dataset.client.delete_table(dataset.table(name), not_found_ok=True, retry=CALLS, timeout=TIMEOUT)


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
    existing = {name: _find_table(dataset, name) for name in tables.LAYOUTS}
    before, newest = _version(dataset, existing), migrations[-1][0]
    if before > newest:
        raise Rejected(
            f"{dataset.name} has table version {before}, but this Tillstream supports only version {newest}."
        )
    updated = []
    if not existing[SCHEMA_VERSIONS]:
        # record the version first: every run creates the tables that are missing
        _create_table(dataset, SCHEMA_VERSIONS)
        updated.append(SCHEMA_VERSIONS)
    if not before:
        dataset.ask(_ADD_VERSION, {"version": newest, "name": migrations[-1][1]}, work="migrate")
    for number, name, script in migrations if before else ():
        if number > before:
            if without_comments(script).strip():
                rebuild_tables(dataset, number, script)
            dataset.ask(_ADD_VERSION, {"version": number, "name": name}, work="migrate")
            drop_copies(dataset, number, script)
    updated += [name for name in tables.LAYOUTS if name != SCHEMA_VERSIONS and _update_table(dataset, name)]
    schema_digests = {name: _schema_digest(_find_table(dataset, name)) for name in tables.LAYOUTS}
    replaced = [view.name for view in stored_views(dataset.name, schema_digests) if _replace_view(dataset, view)]
    return Migrated(before, newest, updated, replaced)


def migration_differences(dataset: Dataset, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Describe each difference, including those that `migrate` cannot repair."""
    migrations = catalogue.migrations() if migrations is None else migrations
    existing = {name: _find_table(dataset, name) for name in tables.LAYOUTS}
    version, newest = _version(dataset, existing), migrations[-1][0]
    reported = [] if version == newest else [f"{dataset.name} has table version {version}, not {newest}"]
    for name, actual in existing.items():
        wanted = tables.table_resource(dataset.table(name))
        if actual is None:
            reported.append(f"the table {name} is missing")
            continue
        if _columns(actual) != _columns(wanted):
            reported.append(f"the table {name} has different columns")
        if _layout(actual) != _layout(wanted):
            reported.append(f"the table {name} has a different layout")
    for view in stored_views(dataset.name, {name: _schema_digest(actual) for name, actual in existing.items()}):
        actual = _find_table(dataset, view.name)
        if actual is None or actual.labels.get(DIGEST_LABEL) != view.digest:
            reported.append(f"the view {view.name} {'has a different query' if actual else 'is missing'}")
    return reported


# ---- tables ---------------------------------------------------------------------------------------------------------


def _create_dataset(dataset: Dataset) -> None:
    with dataset.errors(dataset.name):
        try:
            dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TIMEOUT)
        except Absent:
            resource = DatasetResource(dataset.reference)
            resource.location, resource.labels = dataset.location, tables.LABELS
            dataset.client.create_dataset(resource, exists_ok=True, retry=CALLS, timeout=TIMEOUT)


def _create_table(dataset: Dataset, name: str) -> None:
    with dataset.errors(name):
        dataset.client.create_table(
            tables.table_resource(dataset.table(name)), exists_ok=True, retry=CALLS, timeout=TIMEOUT
        )


def _update_table(dataset: Dataset, name: str) -> bool:
    """Create the table or update its descriptions; whether anything changed."""
    actual, wanted = _find_table(dataset, name), tables.table_resource(dataset.table(name))
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
        dataset.client.update_table(changed, parts, retry=CALLS, timeout=TIMEOUT)


def _with_description(field: SchemaField, description: str | None) -> SchemaField:
    return SchemaField.from_api_repr(field.to_api_repr() | {"description": description})


def _version(dataset: Dataset, existing: dict[str, Table | None]) -> int:
    if existing[SCHEMA_VERSIONS] is None:
        return 0
    (row,) = dataset.ask(f"SELECT COALESCE(MAX(version), 0) AS version FROM {SCHEMA_VERSIONS}", work="migrate")
    return int(row["version"])


def _columns(table: Table) -> set[tuple[str, str, str]]:
    return {(field.name, field.field_type, field.mode) for field in table.schema}


def _layout(table: Table) -> tuple[object, ...]:
    return table.clustering_fields, table.time_partitioning, table.range_partitioning


def _schema_digest(table: Table | None) -> str:
    columns = repr([(field.name, field.field_type) for field in table.schema] if table else [])
    return hashlib.sha256(columns.encode()).hexdigest()


# ---- views ----------------------------------------------------------------------------------------------------------


def _replace_view(dataset: Dataset, view: StoredView) -> bool:
    """Create or replace the view if its text or its columns changed; whether they did."""
    actual = _find_table(dataset, view.name)
    if actual is not None and actual.labels.get(DIGEST_LABEL) == view.digest:
        return False
    dataset.ask(view.statement, work="migrate")
    created = _find_table(dataset, view.name)
    if created is None:
        raise Rejected(f"The view {view.name} was created but does not exist.")
    created.description = view.description
    created.schema = [_with_description(field, view.columns.get(field.name)) for field in created.schema]
    created.labels = tables.LABELS | {DIGEST_LABEL: view.digest}  # last: a view with this label is complete
    _patch(dataset, created, ["description", "schema", "labels"])
    return True
