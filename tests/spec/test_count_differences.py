"""The expected units of a count are those of the count before, plus what came and minus what was sold between the two."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from duck import Duck
from sample_ledger import SAMPLE_LEDGER
from table_text import parse_tables

import sql

RELATIONS = """WITH
visible_movements AS (SELECT * FROM current_movements),
visible_stock_lines AS (
  SELECT * FROM line_facts WHERE is_active AND store_id IS NOT NULL AND product IS NOT NULL AND units IS NOT NULL
),
count_differences AS ({})
SELECT movement_id, counted, expected, difference FROM count_differences ORDER BY movement_id"""

SALES = """
    key  content  is_current  sale  region  sale_id  line_key  store_id  product_id  status     sale_date   sold_at              quantity  net_amount  currency
    1    1        yes         1     UK      1        1         S         P           completed  2024-03-02  2024-03-02T12:00:00  3         1           GBP
    2    2        yes         2     UK      2        1         S         P           completed  2024-03-05  -                    2         1           GBP
    3    3        yes         3     UK      3        1         S         P           returned   2024-03-06  2024-03-06T12:00:00  -1        1           GBP
    4    4        yes         4     UK      4        1         S         P           cancelled  2024-03-06  2024-03-06T12:00:00  9         1           GBP
    5    5        yes         5     UK      5        1         T         P           completed  2024-03-02  2024-03-02T12:00:00  7         1           GBP
"""
HEADER = "movement_id  line_no  kind  region  store_id  product_id  quantity  stock_date  occurred_at  reference  recorded_seq"


def differences(*movements: str) -> Mapping[str, tuple[Decimal, Decimal, Decimal]]:
    """ID of a count → counted, expected and difference."""
    tables: dict[str, Any] = parse_tables(
        {"sale_versions": SALES, "stock_movements": "\n".join([HEADER, *movements]), "reporting": "currency\nUSD"}
    )
    duck = Duck()
    duck.fill(tables)
    rows = duck.query(RELATIONS.format(sql.relations()["count_differences"])).to_pylist()
    return {row["movement_id"]: (row["counted"], row["expected"], row["difference"]) for row in rows}


def numbers(*values: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


FIRST = "a  1  count  UK  S  P  20  2024-03-01  2024-03-01T08:00:00  -  1"


def test_a_first_count_has_no_expectation() -> None:
    assert differences(FIRST) == {}


def test_sales_between_two_counts_are_expected_to_be_gone() -> None:
    assert differences(FIRST, "b  1  count  UK  S  P  16  2024-03-04  2024-03-04T08:00:00  -  2") == {
        "b": numbers(16, 17, -1)
    }


def test_movements_sales_and_returns_count_once_between_their_counts() -> None:
    assert differences(
        FIRST,
        "b  1  count      UK  S  P  15  2024-03-02  2024-03-02T18:00:00  -  2",
        "r  1  receipt    UK  S  P  10  2024-03-03  2024-03-03T08:00:00  -  3",
        "w  1  write-off  UK  S  P   1  2024-03-04  2024-03-04T08:00:00  -  4",
        "c  1  count      UK  S  P  23  2024-03-07  2024-03-07T08:00:00  -  5",
    ) == {"b": numbers(15, 17, -2), "c": numbers(23, 15 + 10 - 1 - 2 + 1, 0)}


def test_a_return_that_cannot_be_sold_again_is_not_expected_back() -> None:
    assert differences(
        FIRST,
        "u  1  unsellable-return  UK  S  P   1  2024-03-06  2024-03-06T12:30:00  3  2",
        "c  1  count              UK  S  P  15  2024-03-07  2024-03-07T08:00:00  -  3",
    ) == {"c": numbers(15, 15, 0)}


def test_a_cancelled_count_is_no_count() -> None:
    assert differences(
        FIRST,
        "b  1  count         UK  S  P  99  2024-03-02  2024-03-02T18:00:00  -  2",
        "x  1  cancellation  UK  S  -  -   2024-03-02  -                    b  3",
        "c  1  count         UK  S  P  16  2024-03-07  2024-03-07T08:00:00  -  4",
    ) == {"c": numbers(16, 20 - 3 - 2 + 1, 0)}


def test_lines_of_one_count_add_up() -> None:
    assert differences(
        FIRST,
        "b  1  count  UK  S  P  10  2024-03-04  2024-03-04T08:00:00  -  2",
        "b  2  count  UK  S  P   7  2024-03-04  2024-03-04T08:05:00  -  2",
    ) == {"b": numbers(17, 17, 0)}


def test_the_sample_has_the_loss_that_its_shrinkage_reports() -> None:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    rows = duck.query(RELATIONS.format(sql.relations()["count_differences"])).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("c4", Decimal(4), Decimal(6), Decimal(-2))]
