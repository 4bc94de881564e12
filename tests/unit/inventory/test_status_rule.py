"""The rule of the status of stock stands in two files, as levels of today and as those of past days: it is one rule."""

import re

import pytest

import sql


def rule(path: str) -> str:
    """The CASE that gives the status, on one line; products that were never counted have no past days."""
    (text,) = re.findall(r"CASE\s+(WHEN on_hand.*?)END AS status", sql.statement(path), re.DOTALL)
    return " ".join(text.replace("WHEN on_hand IS NULL THEN 'not-counted'", "").split())


def test_past_days_have_the_status_of_the_levels_of_today() -> None:
    assert rule("queries/stock-by-day") == rule("reference/stock_facts")


@pytest.mark.parametrize("path", ["queries/stock-by-day", "reference/stock_facts"])
def test_the_rule_is_read_whole(path: str) -> None:
    assert rule(path).startswith("WHEN on_hand < 0 THEN 'negative'")
    assert rule(path).endswith("ELSE 'in-stock'")
