"""The rules of the model, worked by hand, and a group of small schedules that the product must agree with."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from devtools.simulation import many
from devtools.simulation.books import Books
from devtools.simulation.entries import Batch, Cell, Content, Key, Row
from devtools.simulation.goods import EVERYWHERE, Cost, Counted, Goods
from devtools.simulation.groups import Group
from devtools.simulation.many import Outcome
from devtools.simulation.schedules import DAYS
from examples import in_long_proofs

CELL = Cell("plain", "S1a", "2025-12-29")
FAILED_BEFORE: list[tuple[int, list[int]]] = []
"""Groups and seeds that once differed."""


def row(number: int, line: str, quantity: int, version: int = 0) -> Row:
    return Row(number, CELL, Key("S1a/1", line), Content("P1", quantity, Decimal(2)), version, place=version)


def file(name: str, received: int, *rows: Row, whole: str = "") -> Batch:
    return Batch(name, False, "ask", whole, received, list(rows), sha256=name, contract="plain")


def test_a_later_file_corrects_and_its_undo_restores() -> None:
    books = Books()
    books.settle([file("a", 1, row(1, "1", 1))])
    books.settle([file("b", 2, row(1, "1", 3))])
    assert books.receipt("b") == {"read": 1, "corrected": 1}
    assert books.figures(CELL)["P1"] == (1, 3, Decimal(6))
    books.settle([], ["b"])
    assert books.figures(CELL)["P1"] == (1, 1, Decimal(2))


def test_a_statement_of_a_sale_removes_lines_that_it_lacks() -> None:
    books = Books()
    books.settle([file("a", 1, row(1, "1", 1), row(2, "2", 1), whole="sale")])
    books.settle([file("b", 2, row(1, "1", 1), whole="sale")])
    assert set(books.lines(CELL)) == {Key("S1a/1", "1")}


def test_an_older_message_that_arrives_late_changes_nothing() -> None:
    books = Books()
    books.settle([Batch("m2", True, "ask", "sale", 1, [row(1, "1", 2, version=2)])])
    books.settle([Batch("m1", True, "ask", "sale", 2, [row(1, "1", 1, version=1)])])
    assert books.receipt("m1") == {"read": 1, "duplicate": 1}
    assert books.lines(CELL)[Key("S1a/1", "1")].quantity == 2


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_corrections_of_equal_bytes_that_of_the_first_upload_counts(order: tuple[int, int]) -> None:
    books = Books()
    rejected = Row(1, CELL, Key("S1a/1", "1"), None)
    books.settle([Batch(f"{at}", False, "ask", "", at, [rejected], sha256="a", contract="plain") for at in (1, 2)])
    for at in order:
        corrected = replace(row(1, "1", at), fix=3)
        books.settle([Batch(f"{at}-fix", False, "ask", "", at, [corrected], parent=f"{at}", fix=3)])
    assert books.figures(CELL)["P1"].units == 1


def test_the_smallest_part_of_a_group_differs_as_the_group_does() -> None:
    played: list[Sequence[int]] = []

    def play(number: int, seeds: Sequence[int]) -> Outcome:
        played.append(seeds)
        kind = "lines" if {2, 3} <= {*seeds} else "upload held"
        return Outcome(number, list(seeds), error=f"{kind} of {seeds}", kind=kind)

    part = many.smallest(Outcome(41, [3], error="differs", kind="lines"), range(8), play)
    assert (part.seeds, part.kind) == ([2, 3], "lines")
    assert played[0] == [3]
    assert many.smallest(Outcome(41, [3], error="differs", kind="figures"), range(4), play).kind == "lines"


def test_the_cost_of_a_region_comes_before_that_of_all_regions() -> None:
    goods = Goods()
    goods.set_costs([Cost(EVERYWHERE, "P1", "2025-12-01", Decimal(1)), Cost("plain", "P1", DAYS[1], Decimal(2))])
    goods.set_costs([Cost("plain", "P1", DAYS[1], Decimal(3))])
    assert [goods.cost("plain", "P1", day) for day in DAYS] == [Decimal(1), Decimal(3)]
    assert goods.cost("sales", "P1", DAYS[1]) == Decimal(1)
    assert goods.cost("plain", "P2", DAYS[1]) is None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_count_of_the_later_day_rules(order: tuple[int, int]) -> None:
    goods = Goods()
    for number in order:
        goods.count([Counted("plain", "S1a", DAYS[number], "P1", number)])
    assert goods.counts["plain", "S1a", "P1"].units == 1


@pytest.mark.system
@pytest.mark.parametrize("schedules", [6, *in_long_proofs(20)])
def test_small_schedules_agree_with_the_books(tmp_path: Path, schedules: int) -> None:
    many.be_quiet()
    tally = Group(tmp_path / "home", 3, range(600, 600 + schedules)).play()
    assert tally.schedules == schedules
    assert tally.rows > 5 * schedules
    assert tally.imports > schedules // 4
    assert tally.counted > schedules // 2
    for number, seeds in FAILED_BEFORE:
        assert not many.play(number, seeds).error
