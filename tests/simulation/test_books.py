"""The rules of the model, worked by hand, and a group of small schedules that the product must agree with."""

from decimal import Decimal
from pathlib import Path

import pytest

from devtools.simulation import many
from devtools.simulation.books import Books
from devtools.simulation.entries import Batch, Cell, Content, Key, Row
from devtools.simulation.groups import Group

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


@pytest.mark.system
def test_small_schedules_agree_with_the_books(tmp_path: Path) -> None:
    many.be_quiet()
    tally = Group(tmp_path / "home", 3, range(600, 620)).play()
    assert tally.schedules == 20
    assert tally.rows > 100
    for number, seeds in FAILED_BEFORE:
        assert not many.play(number, seeds).error
