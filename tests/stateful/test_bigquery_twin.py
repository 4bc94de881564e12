"""Random schedules that BigQuery's emulator settles too: its ledger is DuckDB's, which is the model's."""

from pathlib import Path

import pytest
from stateful.schedules import draw, run
from stateful.twin import Twin

from devtools.emulators import Emulator, objects

pytestmark = pytest.mark.long


@pytest.mark.parametrize("number", [3, 8, 20, 41])
def test_a_random_schedule_gives_one_ledger_on_both_engines(
    bigquery: Emulator, emulated_folder: Path, number: int
) -> None:
    home = objects(emulated_folder)
    home.mkdir(parents=True, exist_ok=True)
    twin = Twin(bigquery, home)
    assert run(draw(number), home, twin.replace_ports).operations.total() > 3
    assert twin.settlements > 0
