"""Random schedules that are settled on BigQuery's emulator too: its ledger is that of DuckDB, which is the model's."""

from pathlib import Path

import pytest
from stateful.schedules import draw, run
from stateful.twin import Twin

from devtools.emulators import Emulator

pytestmark = pytest.mark.long


@pytest.mark.parametrize("number", [3, 8, 20, 41])
def test_a_random_schedule_gives_one_ledger_in_both_warehouses(bigquery: Emulator, tmp_path: Path, number: int) -> None:
    twin = Twin(bigquery)
    assert run(draw(number), tmp_path, twin.replace_ports).operations.total() > 3
    assert twin.settlements > 0
