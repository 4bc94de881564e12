"""Words of `file.ignore_where` match whole cells."""

import re

import pytest

from tillstream.domain.contract.ignored_cells import cell_of, cell_pattern, word_of


@pytest.mark.parametrize(
    ("word", "cell", "matches"),
    [
        ("Total *", "total North", True),
        ("* Total", "North", False),
        ("", "", True),
        ("*", "North", True),
        (r"\*", "*", True),
        (r"\*", "North", False),
        (r"Tip\* *", "Tip* for Ann", True),
        (r"Tip\* *", "Tip for Ann", False),
        (r"C:\Total", r"C:\total", True),
    ],
)
def test_an_asterisk_is_any_text_unless_a_backslash_is_before_it(word: str, cell: str, matches: bool) -> None:
    assert bool(re.match(cell_pattern([word]), cell, re.IGNORECASE)) == matches


@pytest.mark.parametrize("cell", ["*", "Total", "5* lamp *", ""])
def test_the_word_of_a_cell_is_only_that_cell(cell: str) -> None:
    word = word_of(cell)
    assert cell_of(word) == cell
    assert re.match(cell_pattern([word]), cell)
    assert not re.match(cell_pattern([word]), f"{cell}x")
