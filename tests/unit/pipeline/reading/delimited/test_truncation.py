"""A file cut inside its last cell is reported whatever the cell contains."""

import pytest
from delimited_text import read_all

from tillstream.pipeline.reading.delimited.delimited_reader import compare_last_cell

AMOUNTS = [f"{n}.50" for n in range(1, 13)]
NUMBERS = [str(n * 7) for n in range(1, 13)]
DATES = [f"2026-03-{n:02}" for n in range(1, 13)]
WORDS = ["paid", "cancelled"] * 6


@pytest.mark.parametrize(
    ("above", "cell", "state"),
    [
        (AMOUNTS, "13.50", "whole"),
        (AMOUNTS, "13.5", "cut"),
        (AMOUNTS, "13", "cut"),
        (AMOUNTS, "", "cut"),
        (NUMBERS, "9", "unknown"),
        (NUMBERS, "", "cut"),
        (DATES, "2026-03-13", "whole"),
        (DATES, "2026-03-1", "cut"),
        (WORDS, "cancelled", "whole"),
        (WORDS, "cancel", "cut"),
        (WORDS, "returned", "unknown"),
        (["100", "200", "300"] * 4, "50", "unknown"),
        (["x", ""] * 6, "", "whole"),
        (["1.50"] * 3, "1.5", "unknown"),
    ],
)
def test_the_last_cell_is_compared_with_those_above(above: list[str], cell: str, state: str) -> None:
    assert compare_last_cell(cell, above) == state


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_row_that_may_be_incomplete_has_a_warning(end: str) -> None:
    text = end.join(["No,Net", *(f"{n},{n * 7}" for n in range(1, 14)), ""]) if end else ""
    text = text or "\n".join(["No,Net", *(f"{n},{n * 7}" for n in range(1, 14))])
    result = read_all(text)
    assert result.flagged == ([] if end else [(13, "no-final-line-break")])
    assert (result.cut, len(result.rows)) == ("", 13)


@pytest.mark.parametrize(("trailer", "is_cut"), [("Records;3", True), ("Records;2", False), ("Records: none", False)])
def test_a_trailer_that_counts_more_rows_is_reported(trailer: str, is_cut: bool) -> None:
    cut = read_all(f"No;Net\n1;2\n2;3\n{trailer}\n", delimiter=";", style={"ignore": ["Records"]}).cut
    assert bool(cut) == is_cut
    assert not is_cut or cut == "its last line, “Records;3”, counts 3 rows, and the file has 2"
