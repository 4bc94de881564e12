"""Rows that repeat the amounts of other rows are found by what they add up to."""

import io
from collections.abc import Sequence
from datetime import date

import pytest

from tillstream.detection import propose
from tillstream.detection.propose import Proposal
from tillstream.detection.words.row_words import total_word_in
from tillstream.model.contract import parse_contract
from tillstream.pipeline.staging.figures import read_figures

ORDERS = [(1001, [12, 30]), (1002, [7]), (1003, [19, 5, 8]), (1004, [44, 3]), (1005, [6, 21])]

DATED = [f"2026-03-0{number},Item {number},1,{number}.50" for number in range(1, 7)]
REPORT = ["Item;Qty;Amount", *(f"Item {number};{number};{number * 3}.5" for number in range(1, 7))]


def detected(lines: Sequence[str], **answers: str) -> Proposal:
    return propose(io.BytesIO("\n".join([*lines, ""]).encode()), name="sales", answers=answers)


def orders(total: str, *, first: bool = False) -> list[str]:
    """Five orders, each with a row of its total below or above its lines."""
    lines = ["Order,Date,Item,Qty,Amount"]
    for number, amounts in ORDERS:
        own = [f"{number},2026-03-14,Item {amount},1,{amount}.50" for amount in amounts]
        total_row = f"{number},2026-03-14,{total},{len(amounts)},{sum(amounts) + len(amounts) / 2:.2f}"
        lines += [total_row, *own] if first else [*own, total_row]
    return lines


def test_totals_of_orders_are_ignored_by_their_word() -> None:
    proposal = detected(orders("Order total"))
    assert proposal.contract["file"]["ignore_where"] == {"Item": ["Order total"]}
    (finding,) = (one for one in proposal.findings if one.about == "ignore_where")
    assert finding.evidence == (
        "the 5 rows whose Item is “Order total” have the sum of the Amount of rows above them: totals, not sales"
    )
    assert (finding.lines, proposal.rows) == ((4, 6, 10), 10)


@pytest.mark.parametrize("first", [False, True])
def test_sums_with_a_word_of_no_dictionary_are_a_question(first: bool) -> None:
    lines = orders("Kassenbon", first=first)
    (question,) = (one for one in detected(lines).questions if one.key == "total_rows")
    rows = f"rows {'below' if first else 'above'} them"
    assert question.evidence == f"the 5 rows whose Item is “Kassenbon” have the sum of the Amount of {rows}"
    assert detected(lines, total_rows="yes").contract["file"]["ignore_where"] == {"Item": ["Kassenbon"]}
    refused = detected(lines, total_rows="no")
    assert "ignore_where" not in refused.contract["file"]
    assert all(one.key != "total_rows" for one in refused.questions)


def test_a_product_whose_sales_equal_sums_is_no_total() -> None:
    rows = [f"B{100 + n},2026-03-14,Item {n % 3},{n % 3 + 1},9.99,{(n % 3 + 1) * 9.99:.2f}" for n in range(18)]
    assert all(one.key != "total_rows" for one in detected(["Order No,Date,Item,Qty,Price,Total", *rows]).questions)
    no_number = [row.partition(",")[2] for row in rows]
    assert "total_rows" in {one.key for one in detected(["Date,Item,Qty,Price,Total", *no_number]).questions}


def test_totals_of_stores_are_ignored_by_what_they_have_in_common() -> None:
    lines = ["Store,Receipt,Date,Item,Amount"]
    for store in ("North", "South"):
        lines += [f"{store},{number},2026-03-14,Mug,{number}.25" for number in (1, 2, 3)]
        lines.append(f"{store} Total,3,2026-03-14,,6.75")
    assert detected([*lines, "Grand Total,6,2026-03-14,,13.50"]).contract["file"]["ignore_where"] == {
        "Store": ["Grand Total", "* Total"]
    }


@pytest.mark.parametrize("word", ["TOTAL", "Razem", "Gesamt", "Total général"])
def test_a_filled_last_row_with_the_sum_of_all_rows_is_ignored(word: str) -> None:
    lines = [
        "Item;Qty;Amount",
        *(f"Item {number};{number};{number * 3}.5" for number in range(1, 7)),
        f"{word};21;66.0",
    ]
    assert detected(lines).contract["file"]["ignore_where"] == {"Item": [word]}


def test_a_filled_last_row_with_an_unknown_word_is_a_question() -> None:
    (question,) = (one for one in detected([*REPORT, "Zzz;21;66.0"]).questions if one.key == "total_rows")
    assert "the row whose Item is “Zzz” has the sum of the Amount of rows above it" in question.evidence


def test_a_product_with_a_word_of_totals_is_no_total() -> None:
    lines = ["Order,Date,Item,Qty,Amount"]
    lines += [f"{n},2026-03-{n:02},{'Total Quartz' if n % 3 else 'Mug'},1,{n * n % 17 + 3}.50" for n in range(1, 29)]
    proposal = detected(lines)
    assert "ignore_where" not in proposal.contract["file"]
    assert proposal.rows == 28


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("North Total", "Total"),
        ("Total North", "Total"),
        ("Grand Total", "Grand Total"),
        ("Tagessumme", "Tagessumme"),
        ("合計", "合計"),
        ("Mug", ""),
        ("Totally", ""),
        ("", ""),
    ],
)
def test_the_word_of_a_total_is_the_first_or_the_last_of_a_cell(cell: str, word: str) -> None:
    assert total_word_in(cell) == word


def test_rows_of_a_tax_on_the_rows_above_are_a_question() -> None:
    lines = ["Order,Date,Item,Qty,Amount"]
    for number, amounts in enumerate([[12, 30], [7], [19, 5, 8], [44, 3], [6, 21], [13]], 1001):
        lines += [f"{number},2026-03-14,Item {amount},1,{amount}.50" for amount in amounts]
        lines.append(f"{number},2026-03-14,VAT,1,{(sum(amounts) + len(amounts) / 2) / 5:.2f}")
    (question,) = (one for one in detected(lines).questions if one.key == "total_rows")
    assert question.words.endswith("is “VAT” a tax or a charge on other rows, so that they are no sales?")
    assert question.evidence == "the 6 rows whose Item is “VAT” have 20% of the sum of the Amount of rows above them"
    assert detected(lines, total_rows="yes").contract["file"]["ignore_where"] == {"Item": ["VAT"]}


def test_balances_are_no_sales_unless_a_person_keeps_them() -> None:
    lines = [
        "Date,Details,Qty,Amount",
        "2026-03-01,Brought forward,,1234.50",
        *DATED,
        "2026-03-31,Carried Forward,,1261.50",
    ]
    proposal = detected(lines)
    assert proposal.contract["file"]["ignore_where"] == {"Details": ["Brought forward", "Carried Forward"]}
    (finding,) = (one for one in proposal.findings if one.about == "ignore_where")
    assert (finding.evidence, finding.lines) == ("these rows are balances, not sales", (2, 9))
    assert "ignore_where" not in detected(lines, total_rows="no").contract["file"]


def test_balances_are_no_total_lines_of_the_figures() -> None:
    lines = ["Date,Details,Qty,Amount", "2026-03-01,Opening balance,,50.00", *DATED]
    answers = {"region": "North", "country": "-", "currency": "EUR", "identity": "content"}
    contract = parse_contract(detected(lines, **answers).contract)
    data = "\n".join([*lines, ""]).encode()
    figures = read_figures(lambda: io.BytesIO(data), contract, date(2026, 4, 1), file="sales.csv")
    assert (figures.accepted, figures.ignored, figures.own.lines) == (6, 1, ())


def test_balances_and_totals_are_ignored_together() -> None:
    lines = ["Date,Details,Qty,Amount", "2026-03-01,Opening balance,,50.00", *DATED, "2026-03-31,Day total,6,24.00"]
    assert detected(lines).contract["file"]["ignore_where"] == {"Details": ["Opening balance", "Day total"]}


def test_an_asterisk_that_marks_totals_is_no_pattern() -> None:
    lines = ["Order,Date,Main,Item,Qty,Amount"]
    for number, amounts in ORDERS:
        lines.append(f"{number},2026-03-14,*,,,{sum(amounts) + len(amounts) / 2:.2f}")
        lines += [f"{number},2026-03-14,,Item {amount},1,{amount}.50" for amount in amounts]
    (question,) = (one for one in detected(lines).questions if one.key == "total_rows")
    assert question.evidence == "the 5 rows whose Main is “*” have the sum of the Amount of rows below them"
    answered = detected(lines, total_rows="yes")
    assert answered.contract["file"]["ignore_where"] == {"Main": [r"\*"]}
    assert answered.rows == 10
