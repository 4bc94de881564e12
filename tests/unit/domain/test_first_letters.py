"""The first letter of a sentence; a name that begins small is no word of it."""

import pytest

from tillstream.model.text import upper_first


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("region UK is behind", "Region UK is behind"),
        ("élan is behind", "Élan is behind"),
        ("eShop is behind", "eShop is behind"),
        ("iOS", "iOS"),
        ("Eden is behind", "Eden is behind"),
        ("2 of 3", "2 of 3"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_it_begins_with_a_name(words: str, expected: str) -> None:
    assert upper_first(words) == expected
