"""Sale versions are exported with their latest flags, and restored as stored versions."""

import pytest
from emulator_fixtures import dataset_of

from devtools.emulators import Emulator
from tillstream.adapters.google import backup_contents as backup_tables
from tillstream.adapters.google.backup_folder import TableInfo
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.model.tables.warehouse_tables import TABLES

pytestmark = pytest.mark.long
VERSIONS = "SELECT content, is_current, leads FROM {} ORDER BY content"
COLUMNS = [field.name for field in TABLES["sale_versions"]]


def test_latest_flags_are_exported_and_restored_as_stored(bigquery: Emulator) -> None:
    dataset = dataset_of(bigquery, "restored_versions")
    migrate(dataset)
    dataset.ask("""
        INSERT INTO stored_versions (key, content, sale_date, is_current, leads, settlement_no) VALUES
          (b'1', 1, DATE '2024-01-01', TRUE, 1, 1), (b'1', 2, DATE '1984-01-01', TRUE, 1, 2);
        INSERT INTO version_flags (key, content, sale_date, is_current, leads, settlement_no) VALUES
          (b'1', 1, DATE '2024-01-01', FALSE, 0, 2);
        INSERT INTO settlements (settlement_no) VALUES (2);
    """)
    exported = backup_tables._as_of(dataset, "sale_versions", backup_tables.current_time(dataset))
    expected = [(1, False, 0), (2, True, 1)]
    assert [tuple(row.values()) for row in dataset.ask(VERSIONS.format(exported))] == expected
    dataset.ask(f"CREATE TABLE kept AS SELECT * FROM {exported}")
    kept = {"sale_versions": TableInfo(2, COLUMNS), "batches": TableInfo(0, ["batch_no"])}
    dataset.ask(backup_tables._restore_script(kept, {"sale_versions": "kept"}))
    assert [tuple(row.values()) for row in dataset.ask(VERSIONS.format("stored_versions"))] == expected
    assert [tuple(row.values()) for row in dataset.ask("SELECT COUNT(*) FROM version_flags")] == [(0,)]
    assert [tuple(row.values()) for row in dataset.ask("SELECT * FROM epoch")] == [(1, 2, 0)]
    dataset.close()
