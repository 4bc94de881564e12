"""A settlement on the slice of the ledger that it can read gives the same as on the whole ledger, row by row."""

from pathlib import Path

import pytest
from stateful.checks import check
from stateful.schedules import draw, run
from stateful.sliced import Slices
from stateful.sources import REGION
from stateful.steps import GOOD, like, upload_rows
from stateful.system import running_system
from turns import one_in_turns

from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage


def compare(number: int, folder: Path) -> Slices:
    folder.mkdir(exist_ok=True)
    slices = Slices()
    run(draw(number), folder, slices.replace_ports)
    slices.check()
    return slices


def test_a_settlement_on_a_slice_adds_the_same_rows(tmp_path: Path) -> None:
    assert compare(0, tmp_path).with_pending_days > 0


def test_a_sale_settled_late_on_a_slice_is_removed_by_the_statement_of_its_day(tmp_path: Path) -> None:
    slices = Slices()
    with running_system(tmp_path, numbered=False, replace_ports=slices.replace_ports) as system:
        late = upload_rows(system, REGION, GOOD, settled=False)
        upload_rows(system, "day", like(number="2"))
        stage.stage(system.app.ports, late)
        settle.settle_all(system.app.ports, system.app.contracts)
        assert set(check(system).current()) == {("S1/2", "P#1")}
    slices.check()


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", range(100, 300, 20))
def test_settlements_of_random_schedules_add_the_same_rows_on_slices(tmp_path: Path, first: int) -> None:
    """Of every second schedule; of the others with another commit."""
    for number in one_in_turns(2, range(first, first + 20)):
        compare(number, tmp_path / str(number))
