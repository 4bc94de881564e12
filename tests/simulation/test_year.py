"""The columnar books of a year, worked by hand, and some days of a company that the product must agree with."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from devtools.simulation import many
from devtools.simulation.clock import MovedClock, advance, move
from devtools.simulation.company import Region
from devtools.simulation.year.day_books import DayBook
from devtools.simulation.year.play import Year
from devtools.simulation.year.process import UNFINISHED
from devtools.simulation.year.sales import FIRST_DAY, ROW, Company, Rows, csv_of, draw
from devtools.simulation.year.world import KEPT, World

FAILED_BEFORE: list[tuple[Company, float]] = []
"""Companies and numbers of power cuts with which the product and the books once differed."""


def rows(*lines: tuple[int, int, int], store: int = 1, version: int = 1) -> Rows:
    """Lines as (sale, line, quantity)."""
    return np.array([(store, sale, line, 7, quantity, 250, version) for sale, line, quantity in lines], ROW)


def book(whole: str = "", *, versioned: bool = False, **files: Rows) -> DayBook:
    day = DayBook(Region("R01", numbered=True, whole=whole, versioned=versioned))
    day.files.update(files)
    return day


def quantities(of: DayBook) -> list[tuple[int, int, int]]:
    return [(int(line["sale"]), int(line["line"]), int(line["quantity"])) for line in of.current()]


def test_a_later_file_corrects_and_its_undo_restores() -> None:
    day = book(first=rows((1, 1, 2), (1, 2, 3)), second=rows((1, 1, 9)))
    assert day.settle("a", "first", 10) == Counter(new=2)
    assert day.settle("b", "second", 20) == Counter(corrected=1)
    assert quantities(day) == [(1, 1, 9), (1, 2, 3)]
    day.undo("b")
    assert quantities(day) == [(1, 1, 2), (1, 2, 3)]


def test_a_repeated_file_keeps_its_first_place() -> None:
    day = book(first=rows((1, 1, 2)), second=rows((1, 1, 9)))
    day.settle("a", "first", 10)
    day.settle("b", "second", 20)
    assert day.settle("c", "first", 30) == Counter(duplicate=1)
    assert quantities(day) == [(1, 1, 9)]


@pytest.mark.parametrize(
    ("whole", "left"),
    [("", [(1, 1, 5), (1, 2, 1), (2, 1, 1)]), ("sale", [(1, 1, 5), (2, 1, 1)]), ("store-day", [(1, 1, 5)])],
)
def test_a_later_file_removes_what_it_states_as_a_whole(whole: str, left: list[tuple[int, int, int]]) -> None:
    day = book(whole, first=rows((1, 1, 1), (1, 2, 1), (2, 1, 1)), second=rows((1, 1, 5)))
    day.settle("a", "first", 10)
    day.settle("b", "second", 20)
    assert quantities(day) == left


def test_the_higher_version_counts_whichever_comes_last() -> None:
    day = book(versioned=True, first=rows((1, 1, 1)), second=rows((1, 1, 5), version=2))
    day.settle("b", "second", 10)
    assert day.settle("a", "first", 20) == Counter(duplicate=1)
    assert quantities(day) == [(1, 1, 5)]


def test_a_later_version_of_a_till_sale_replaces_its_lines() -> None:
    day = book()
    day.sell(rows((1, 1, 1), (1, 2, 1), (2, 1, 1)))
    day.sell(rows((1, 1, 4), version=2))
    day.sell(rows((1, 1, 1), (1, 2, 1)))
    assert quantities(day) == [(1, 1, 4), (2, 1, 1)]


def test_a_closed_day_keeps_its_sums() -> None:
    world = World(Company(stores=4, products=8))
    world.book((0, 1)).sell(rows((1, 1, 2), (1, 2, 3)))
    for closed_by in (1 + KEPT, 2 + KEPT):
        world.close(closed_by)
        assert world.sold(1, 1)[1, 7] == world.sold(0).sum() == 5
        assert world.sold(2).sum() == 0
        assert world.count((0, 1)) == 2
    assert not world.books


def test_the_same_seed_draws_the_same_file() -> None:
    company = Company(regions=2, stores=6, lines=5_000, tills=1)
    stores = company.stores_of(0)
    region = company.region(0)
    first, again = (csv_of(region, draw(company, stores, 0, 3), 3, 1) for _ in range(2))
    assert first == again
    assert first.startswith(b'"Sale","Line","Day","Store","Product","Quantity","Price"\n')
    assert first.splitlines()[-1] == b"399999,1,2026-01-04,S0,P0,many,1"


def test_the_clock_of_a_server_is_moved_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    start = datetime.combine(FIRST_DAY, time(20), UTC)
    move(file, start)
    clock = MovedClock(file)
    assert timedelta(0) <= clock.now() - start < timedelta(minutes=30)
    advance(file, 86_400)
    assert clock.now() >= start + timedelta(days=1)
    assert clock.tick() < clock.tick()


def test_metrics_show_what_is_not_finished() -> None:
    queue = 'tillstream_queue_messages{queue="batches",state="%s"} %s'
    batches = 'tillstream_batches{state="%s"} %s'
    unfinished = [queue % ("leased", "1.0"), batches % ("staged", "23.0"), batches % ("failed", "1.0")]
    others = [
        queue % ("ready", "0.0"),
        queue % ("dead", "2.0"),
        batches % ("announced", "4.0"),
        batches % ("received", "0.0"),
    ]
    lines = ["# HELP tillstream_batches Batches by state", *unfinished, *others]
    assert UNFINISHED.findall("\n".join(lines)) == unfinished


@pytest.mark.long
def test_ten_days_with_power_cuts_and_a_restored_backup_agree_with_the_books(tmp_path: Path) -> None:
    many.be_quiet()
    company = Company(seed=1, regions=3, stores=6, lines=1_000, days=10, tills=1)
    assert Year(tmp_path / "first", company, kills=2).play(minutes=0) is None, "paused after a day"
    done = Year(tmp_path / "first", company, kills=2).play()
    assert done
    assert done.restores == 1
    assert done.days == 13
    assert done.kills > 0
    assert done.rebuilds == 1
    assert done.stock > 0
    assert done.receipts >= 30
    for number, (failed, kills) in enumerate(FAILED_BEFORE):
        Year(tmp_path / str(number), failed, kills).play()
