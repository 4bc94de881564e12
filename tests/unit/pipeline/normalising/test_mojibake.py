"""Letters of another encoding are flagged in the texts that people wrote, and good texts of any script are not."""

import pytest
from source_tables import contract, issue_keys, source_table

from tillstream.pipeline.normalising.normalise import normalise

GOOD = [
    "Café «été»",
    "São Paulo",
    "Ångström – 5 µm",
    "ÇA VA…",
    "CAFÉ–BAR",
    "Čašička",
    "Чашка",
    "漢字",
    "ÂGÉ ™",
    "naïve “x”",
    "мир №1",
]
GOOD += ["“på Å”", "Ä… nein", "à « Paris »"]


def flagged(text: str) -> list[tuple[int, str, str | None]]:
    rules = contract({"product_name": "Name"})
    return issue_keys(normalise(source_table(Name=["plain", text]), rules)[1])


@pytest.mark.parametrize("text", ["é", "’", "Ж ж".replace(" ", ""), "漢", "😀", "£5", "ß", "ł", "ž", "naïve œuvre"])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_utf_8_read_as_something_else_is_flagged(text: str, encoding: str) -> None:
    try:
        wrong = text.encode().decode(encoding)
    except UnicodeDecodeError:
        pytest.skip("these bytes are none of the encoding")
    assert flagged(f"a {wrong} b") == [(1, "mojibake", "product_name")]


def test_utf_8_read_as_cp850_and_lost_letters_are_flagged() -> None:
    assert flagged("é".encode().decode("cp850")) == [(1, "mojibake", "product_name")]
    assert flagged("S\ufffdo Paulo") == [(1, "mojibake", "product_name")]


@pytest.mark.parametrize("text", GOOD)
def test_good_texts_are_not_flagged(text: str) -> None:
    assert flagged(text) == []
