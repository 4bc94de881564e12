"""Words of `file.ignore_where` match whole cells."""

import re

import pytest

from tillstream.model.contract_patterns import cell_of_word, ignored_cell_pattern, word_of_cell


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
    assert bool(re.match(ignored_cell_pattern([word]), cell, re.IGNORECASE)) == matches


@pytest.mark.parametrize("cell", ["*", "Total", "5* lamp *", ""])
def test_the_word_of_a_cell_is_only_that_cell(cell: str) -> None:
    word = word_of_cell(cell)
    assert cell_of_word(word) == cell
    assert re.match(ignored_cell_pattern([word]), cell)
    assert not re.match(ignored_cell_pattern([word]), f"{cell}x")
