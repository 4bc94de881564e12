"""200 random schedules, settled in DuckDB and on BigQuery's emulator: the two ledgers are one, column by column.

Forty of them at a time, others with each commit: that each is drawn from its number makes one as good as another.
"""

from pathlib import Path

import pytest
from stateful.schedules import draw, run
from stateful.twin import Twin
from turns import TURN

from devtools.emulators import Emulator

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
SCHEDULES, AT_A_TIME = range(1_000, 1_200), 40


@pytest.mark.parametrize("place", range(0, AT_A_TIME, 2))
def test_two_schedules_give_one_ledger_in_both_warehouses(bigquery: Emulator, tmp_path: Path, place: int) -> None:
    """Neighbours, which crash at other steps: those of all forty are every step."""
    first = SCHEDULES[TURN * AT_A_TIME % len(SCHEDULES) + place]
    for number in (first, first + 1):
        home = tmp_path / str(number)
        home.mkdir()
        run(draw(number), home, Twin(bigquery).replace_ports)
