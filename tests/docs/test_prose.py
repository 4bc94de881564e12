"""The check of prose finds banned phrases in every kind of text, and nothing in code."""

from collections.abc import Sequence

import pytest

from docs import prose


def banned_phrases(text: str) -> list[tuple[int, str]]:
    return sorted((line, phrase) for line, phrase, _ in prose.banned_phrases(text))


@pytest.mark.parametrize(
    "text", ["The file tells a sale.", "A row waits\nfor a person.", "Whoever settles it.", "a server sees it"]
)
def test_a_banned_phrase_is_found(text: str) -> None:
    assert len(banned_phrases(text)) == 1


def test_its_line_is_that_of_the_text() -> None:
    assert banned_phrases("# Title\n\nIt is staged\nanew, it says so.") == [(4, "anew"), (4, "says")]


@pytest.mark.parametrize(
    "text",
    [
        "`tell` is a method",
        "```sh\ntillstream told\n```",
        "[a page](told-days.md)",
        "<!-- told -->",
        "a warehouse, a bystander, re-told",
        "Invoices stand among the products",
    ],
)
def test_code_addresses_and_exceptions_are_not_checked(text: str) -> None:
    assert banned_phrases(text) == []


def test_docstrings_are_read_with_their_lines() -> None:
    source = (
        '"""A module."""\n\n\nclass Row:\n    """A row."""\n\n    key: int\n    """It says."""\n\n    text = "says"\n'
    )
    assert list(prose.docstrings(source)) == [(1, "A module."), (5, "A row."), (8, "It says.")]


def test_comments_of_sql_are_read_as_blocks() -> None:
    source = "-- The rows that wait\n-- for a person.\nSELECT 'told'  -- as told\nFROM told\n-- name: told\n"
    comments = list(prose.sql_comments(source))
    assert [line for line, _ in comments] == [1, 3, 5]
    assert [phrase for _, text in comments for _, phrase in banned_phrases(text)] == ["wait for a person", "told"]


def test_markup_of_pages_is_no_prose() -> None:
    page = '<p class="told">{% if said %}{{ tell }}{# says #}Shown</p>'
    assert list(banned_phrases(prose.text_of_page(page))) == []
    assert [phrase for _, phrase in banned_phrases(prose.text_of_page("<p>It says {{ so }}</p>"))] == ["says"]


def test_only_the_next_version_of_the_changelog_is_read() -> None:
    assert prose.unreleased("# Changes\n\n## [Unreleased]\n\nnew\n\n## [0.1]\n\nold\n").endswith("new\n")


def test_every_exception_is_still_needed() -> None:
    texts: Sequence[str] = [text.lower() for _, _, text in prose.texts()]
    assert [phrase for phrase in prose.ALLOWED if not any(phrase.lower() in text for text in texts)] == []
