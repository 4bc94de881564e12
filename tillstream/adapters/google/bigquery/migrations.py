"""Brings a dataset from whatever it is to the tables and views of this version.

Only forward, and each step may be repeated: a run that stopped halfway is finished by the next. Code of the version
before goes on working meanwhile, as tables only ever gain nullable columns.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from google.api_core.exceptions import NotFound as Absent
from google.cloud.bigquery import Dataset as DatasetResource
from google.cloud.bigquery import SchemaField, Table

import sql as catalogue
from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.views import View, views
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import Rejected

Migration = tuple[int, str, str]
MADE_FROM = "made-from"
"""The label of a view that holds its digest."""
_ADD_VERSION = f"""
INSERT INTO {tables.VERSIONS} (version, name, migrated_at)
SELECT @version, @name, CURRENT_TIMESTAMP()
FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM {tables.VERSIONS} WHERE version = @version)
"""


@dataclass(frozen=True)
class Migrated:
    """What a run did; empty lists and `before` = `after` where there was nothing to do."""

    before: int
    """The version that the dataset had; 0: none."""
    after: int
    tables: Sequence[str]
    """Those made, and those whose descriptions were brought up to date."""
    views: Sequence[str]
    """Those made or made anew."""


def migrate(dataset: Dataset, migrations: Sequence[Migration] | None = None) -> Migrated:
    """Raises `Rejected`: a newer Tillstream has been here; `Unavailable`: run it again."""
    migrations = catalogue.migrations() if migrations is None else migrations
    _make_dataset(dataset)
    found = {name: _found(dataset, name) for name in tables.LAYOUTS}
    before, newest = _version(dataset, found), migrations[-1][0]
    if before > newest:
        raise Rejected(f"{dataset.name} has version {before} of its tables, and this Tillstream knows only {newest}.")
    touched = []
    if not found[tables.VERSIONS]:
        # the version comes before what it tells of: tables that are missing are made by every run
        _make(dataset, tables.VERSIONS)
        touched.append(tables.VERSIONS)
    if not before:
        dataset.ask(_ADD_VERSION, {"version": newest, "name": migrations[-1][1]}, work="migrate")
    for number, name, script in migrations if before else ():
        if number > before:
            if _says(script):
                dataset.ask(script, work="migrate")
            dataset.ask(_ADD_VERSION, {"version": number, "name": name}, work="migrate")
    touched += [name for name in tables.LAYOUTS if name != tables.VERSIONS and _bring_up(dataset, name)]
    shapes = {name: _shape(_found(dataset, name)) for name in tables.LAYOUTS}
    made = [view.name for view in views(dataset.name, shapes) if _renew(dataset, view)]
    return Migrated(before, newest, touched, made)


def differences(dataset: Dataset, migrations: Sequence[Migration] | None = None) -> list[str]:
    """What `migrate` would change or cannot mend, each in words."""
    migrations = catalogue.migrations() if migrations is None else migrations
    found = {name: _found(dataset, name) for name in tables.LAYOUTS}
    version, newest = _version(dataset, found), migrations[-1][0]
    told = [] if version == newest else [f"{dataset.name} has version {version} of its tables, not {newest}"]
    for name, there in found.items():
        wanted = tables.table(dataset.table(name))
        if there is None:
            told.append(f"the table {name} is missing")
            continue
        if _columns(there) != _columns(wanted):
            told.append(f"the table {name} has other columns")
        if (there.clustering_fields, there.time_partitioning) != (wanted.clustering_fields, wanted.time_partitioning):
            told.append(f"the table {name} is laid out otherwise")
    for view in views(dataset.name, {name: _shape(there) for name, there in found.items()}):
        there = _found(dataset, view.name)
        if there is None or there.labels.get(MADE_FROM) != view.digest:
            told.append(f"the view {view.name} is {'of another text' if there else 'missing'}")
    return told


# ---- tables ---------------------------------------------------------------------------------------------------------


def _make_dataset(dataset: Dataset) -> None:
    with dataset.errors(dataset.name):
        try:
            dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TRY)
        except Absent:
            resource = DatasetResource(dataset.reference)
            resource.location, resource.labels = dataset.location, tables.LABELS
            dataset.client.create_dataset(resource, exists_ok=True, retry=CALLS, timeout=TRY)


def _found(dataset: Dataset, name: str) -> Table | None:
    with dataset.errors(name):
        try:
            return dataset.client.get_table(dataset.table(name), retry=CALLS, timeout=TRY)
        except Absent:
            return None


def _make(dataset: Dataset, name: str) -> None:
    with dataset.errors(name):
        dataset.client.create_table(tables.table(dataset.table(name)), exists_ok=True, retry=CALLS, timeout=TRY)


def _bring_up(dataset: Dataset, name: str) -> bool:
    """Whether it was missing, or described otherwise."""
    there, wanted = _found(dataset, name), tables.table(dataset.table(name))
    if there is None:
        _make(dataset, name)
        return True
    words = {field.name: field.description for field in wanted.schema}
    said = [_saying(field, words.get(field.name, field.description)) for field in there.schema]
    if there.description == wanted.description and said == list(there.schema):
        return False
    there.description, there.schema = wanted.description, said
    _update(dataset, there, ["description", "schema"])
    return True


def _update(dataset: Dataset, changed: Table, parts: list[str]) -> None:
    with dataset.errors(changed.table_id):
        dataset.client.update_table(changed, parts, retry=CALLS, timeout=TRY)


def _saying(field: SchemaField, description: str | None) -> SchemaField:
    return SchemaField.from_api_repr(field.to_api_repr() | {"description": description})


def _version(dataset: Dataset, found: dict[str, Table | None]) -> int:
    if found[tables.VERSIONS] is None:
        return 0
    (row,) = dataset.ask(f"SELECT COALESCE(MAX(version), 0) AS version FROM {tables.VERSIONS}", work="migrate")
    return int(row["version"])


def _says(script: str) -> bool:
    """Whether there is more to it than comments."""
    return bool(re.sub(r"--[^\n]*", "", script).strip())


def _columns(table: Table) -> set[tuple[str, str, str]]:
    return {(field.name, field.field_type, field.mode) for field in table.schema}


def _shape(table: Table | None) -> str:
    columns = repr([(field.name, field.field_type) for field in table.schema] if table else [])
    return hashlib.sha256(columns.encode()).hexdigest()


# ---- views ----------------------------------------------------------------------------------------------------------


def _renew(dataset: Dataset, view: View) -> bool:
    """Whether it was made from another text, or of other columns."""
    there = _found(dataset, view.name)
    if there is not None and there.labels.get(MADE_FROM) == view.digest:
        return False
    dataset.ask(view.statement, work="migrate")
    made = _found(dataset, view.name)
    if made is None:
        raise Rejected(f"The view {view.name} was made and is not there.")
    made.description = view.description
    made.schema = [_saying(field, view.columns.get(field.name)) for field in made.schema]
    made.labels = tables.LABELS | {MADE_FROM: view.digest}  # last: what has it is whole
    _update(dataset, made, ["description", "schema", "labels"])
    return True
