"""A BigQuery dataset is created, left unchanged when up to date, and migrated from older versions."""

import re
from collections.abc import Iterable, Iterator

import pytest
from dataset_versions import Shape, as_of, shapes_of
from emulator_fixtures import dataset_of
from google.cloud.bigquery import SchemaField

import sql
from devtools.emulators import Emulator
from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate, migration_differences, stored_views
from tillstream.adapters.google.bigquery.tables import APPENDED, FIELDS, INCOMING, SALE_VERSIONS, STORED
from tillstream.model.errors import Rejected
from tillstream.model.tables.warehouse_tables import TABLES

SINCE = 'ALTER TABLE IF EXISTS batches ADD COLUMN IF NOT EXISTS repeated_lines INT64 OPTIONS (description = "…");'
NEWEST = sql.migrations()[-1][0]
NEXT = (NEWEST + 1, "repeated lines", f"-- Older batches told nothing of it.\n{SINCE}")
LONG = pytest.mark.long


def shapes() -> dict[str, Shape]:
    """As the newest version makes them."""
    return {name: _shape(tables.bigquery_schema(FIELDS[name])) for name in tables.LAYOUTS}


def _shape(fields: Iterable[SchemaField]) -> Shape:
    return {field.name: f"{field.field_type} {field.mode}" for field in fields}


def test_the_newest_version_is_written_down() -> None:
    number = sql.migrations()[-1][0]
    if shapes_of(number) != shapes():
        pytest.fail(
            f"Tables changed: what version {number} made must be brought forward. Add sql/migrations/"
            f"{number + 1:03}-NAME.bigquery.sql, and what `shapes` gives as "
            f"tests/cloud/bigquery/versions/{number + 1:03}.json."
        )


def test_migrations_are_counted_without_gaps_and_may_be_repeated() -> None:
    assert [number for number, _, _ in sql.migrations()] == list(range(1, len(sql.migrations()) + 1))
    for _, _, script in sql.migrations():
        statements = re.sub(r"--[^\n]*", "", script)
        assert not re.search(r"\bADD COLUMN (?!IF NOT EXISTS)|\bALTER TABLE (?!IF EXISTS)|\bDROP\b", statements)


def test_every_table_has_its_layout_and_every_declared_key_is_of_columns_that_may_be_one() -> None:
    assert tables.LAYOUTS.keys() == FIELDS.keys()
    for name, layout in tables.LAYOUTS.items():
        columns = {field.name: field for field in FIELDS[name]}
        assert {*layout.clustered, *layout.key, *(layout.refers or {})} <= columns.keys()
        assert not layout.partitioned or columns[layout.partitioned].kind in {"DATE", "TIMESTAMP", "INT64"}
        assert len(layout.clustered) <= 4
        assert all(columns[key].required and columns[key].kind != "hash128" for key in layout.key)
        for column, other in (layout.refers or {}).items():
            assert tables.LAYOUTS[other].key == (column,)
            assert [*tables.LAYOUTS].index(other) < [*tables.LAYOUTS].index(name)


def test_rows_in_progress_have_every_column_of_their_tables_in_its_type() -> None:
    incoming = {field.name: field for field in FIELDS[INCOMING]}
    for name in APPENDED:
        for field in FIELDS[name]:
            assert (incoming[field.name].kind, incoming[field.name].required) == (field.kind, False)


@pytest.mark.parametrize("name", tables.LAYOUTS)
def test_every_table_and_column_has_a_description(name: str) -> None:
    table = tables.table_resource(Dataset("demo", "described", "EU").table(name))
    assert table.description
    assert all(field.description for field in table.schema)
    assert table.labels == tables.LABELS


def test_a_view_names_what_it_reads_in_full_and_describes_its_columns() -> None:
    names = {*tables.LAYOUTS, *(name for name, _ in sql.views(sql.BIGQUERY_VIEWS))}
    for view in stored_views("shop", dict.fromkeys(tables.LAYOUTS, "")):
        bare = re.findall(r"\b(?:FROM|JOIN|VIEW)\s+(\w+)", view.statement)
        assert not names & set(bare), view.name
        assert f"CREATE OR REPLACE VIEW `shop`.{view.name} AS" in view.statement
        assert view.description


def test_a_view_is_another_one_when_what_it_reads_has_other_columns() -> None:
    columns = dict.fromkeys(tables.LAYOUTS, "")
    before = {view.name: view.digest for view in stored_views("shop", columns)}
    after = {view.name: view.digest for view in stored_views("shop", columns | {STORED: "other"})}
    changed = {name for name in before if before[name] != after[name]}
    assert {SALE_VERSIONS, "current_lines", "line_facts", "sale_facts", "changes"} <= changed
    assert not {"dim_date", "counted_sightings", "quarantine"} & changed


@pytest.fixture(scope="module")
def migrated(bigquery: Emulator) -> Iterator[Dataset]:
    dataset = dataset_of(bigquery, "made")
    migrate(dataset)
    yield dataset
    dataset.close()


def columns(dataset: Dataset, name: str) -> Shape:
    return _shape(dataset.client.get_table(dataset.table(name)).schema)


@LONG
def test_an_empty_dataset_gets_everything_and_a_second_run_changes_nothing(migrated: Dataset) -> None:
    assert {name: columns(migrated, name) for name in tables.LAYOUTS} == shapes()
    assert [*columns(migrated, SALE_VERSIONS)] == [field.name for field in TABLES[SALE_VERSIONS]]
    again = migrate(migrated)
    assert (again.before, again.after) == (sql.migrations()[-1][0],) * 2
    assert (again.tables, again.views) == ([], [])
    assert migration_differences(migrated) == []


@LONG
def test_every_column_of_every_view_is_described(migrated: Dataset) -> None:
    silent = [
        f"{name}.{field.name}"
        for name, _ in sql.views(sql.BIGQUERY_VIEWS)
        for field in migrated.client.get_table(migrated.table(name)).schema
        if not field.description
    ]
    assert silent == []


@LONG
def test_what_was_taken_away_is_named_and_comes_back(migrated: Dataset) -> None:
    migrated.client.delete_table(migrated.table("holidays"))
    migrated.ask("CREATE OR REPLACE VIEW dim_date AS SELECT DATE '2024-01-01' AS sale_date")
    listed = migration_differences(migrated)
    assert listed == ["the table holidays is missing", "the view dim_date has a different query"]
    repaired = migrate(migrated)
    assert (repaired.tables, repaired.views) == (["holidays"], ["dim_date"])
    assert migration_differences(migrated) == []


@LONG
@pytest.mark.parametrize("halfway", [False, True])
def test_an_older_dataset_gains_its_column_and_keeps_its_rows(bigquery: Emulator, *, halfway: bool) -> None:
    dataset = dataset_of(bigquery, f"older_{halfway}".lower())
    older = shapes()
    del older["batches"]["repeated_lines"]
    as_of(dataset, NEWEST, older)
    dataset.ask("INSERT INTO settlements (settlement_no, added) VALUES (7, 3)")
    dataset.ask("INSERT INTO batches (batch_no, batch_id, root_no) VALUES (1, 'b', 1)")
    dataset.ask(f"CREATE VIEW `{dataset.name}`.current_lines AS SELECT key FROM `{dataset.name}`.{STORED}")
    if halfway:  # the column is there, the record is not
        dataset.ask(SINCE)
    done = migrate(dataset, [*sql.migrations(), NEXT])
    assert (done.before, done.after) == (NEWEST, NEWEST + 1)
    assert "current_lines" in done.views
    assert columns(dataset, "batches") == shapes()["batches"]
    (row,) = dataset.ask("SELECT added, batch_id, repeated_lines FROM settlements CROSS JOIN batches")
    assert tuple(row.values()) == (3, "b", None)
    recorded = dataset.ask(f"SELECT version, name FROM {tables.SCHEMA_VERSIONS} ORDER BY version")
    assert [tuple(one.values()) for one in recorded][-1] == NEXT[:2]
    assert migration_differences(dataset, [*sql.migrations(), NEXT]) == []
    with pytest.raises(
        Rejected, match=f"table version {NEWEST + 1}, but this Tillstream supports only version {NEWEST}"
    ):
        migrate(dataset)
    dataset.close()


@LONG
@pytest.mark.parametrize("number", [number for number, _, _ in sql.migrations()])
def test_a_dataset_of_each_version_becomes_what_a_new_one_is(bigquery: Emulator, number: int) -> None:
    dataset = dataset_of(bigquery, f"version_{number}")
    as_of(dataset, number, shapes_of(number))
    migrate(dataset)
    assert {name: columns(dataset, name) for name in tables.LAYOUTS} == shapes()
    assert migration_differences(dataset) == []
    dataset.close()
