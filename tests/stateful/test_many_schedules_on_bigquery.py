"""200 random schedules, settled in DuckDB and on BigQuery's emulator: the two ledgers are one, column by column."""

from pathlib import Path

import pytest
from stateful.schedules import draw, run
from stateful.twin import Twin

from devtools.emulators import Emulator

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("first", range(1_000, 1_200, 10))
def test_ten_random_schedules_give_one_ledger_in_both_warehouses(
    bigquery: Emulator, tmp_path: Path, first: int
) -> None:
    for number in range(first, first + 10):
        home = tmp_path / str(number)
        home.mkdir()
        run(draw(number), home, Twin(bigquery).replace_ports)
