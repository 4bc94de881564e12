"""Shipping in a total, refunds and returned units are asked about before they change the revenue or the units."""

import io
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from proposals import ANSWERS, keys

from tillstream.detection import Proposal, propose
from tillstream.detection.words.status_words import reversed_column
from tillstream.model.contract import parse_contract

Row = dict[str, Any]


def file(more: Callable[[Row], Row], *, lines: int = 2) -> bytes:
    """Sales of some lines each, with more columns behind quantity and price."""
    draw = Random(7)
    rows = []
    for number in range(60):
        row = {
            "Order No": 1000 + number // lines,
            "Date": f"2026-03-{1 + number % 28:02}",
            "Qty": draw.randint(1, 5),
            "Price": round(draw.uniform(5, 90), 2),
        }
        rows.append(row | more(row | {"place": number}))
    text = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows), ""]
    return "\n".join(text).encode()


def proposal_for(data: bytes, **answers: str) -> Proposal:
    return propose(io.BytesIO(data), name="shop", answers=ANSWERS | {"amount": "net"} | answers)


def full(row: Row) -> float:
    return round(row["Qty"] * row["Price"], 2)


def shipped(row: Row) -> Row:
    post = (0, 4.9, 7.5)[row["place"] % 3]
    return {"Post": post, "Total": round(full(row) + post, 2)}


def test_a_total_that_contains_another_column_is_a_question() -> None:
    (question,) = proposal_for(file(shipped)).questions
    assert (question.key, question.choices) == ("subtract.Post", ("yes", "no"))
    assert question.words == "Total includes Post. Is it subtracted, so that the revenue is without Post?"
    assert question.evidence == "Total is Qty × Price + Post in 100% of 60 rows"


@pytest.mark.parametrize(("answer", "setting"), [("yes", {"net_amount": ["Post"]}), ("no", None)])
def test_the_answer_is_part_of_the_contract(answer: str, setting: object) -> None:
    proposal = proposal_for(file(shipped), **{"subtract.Post": answer})
    assert (keys(proposal), proposal.contract.get("amounts", {}).get("subtract")) == ([], setting)
    assert parse_contract(proposal.contract).columns["net_amount"] == "Total"


def test_several_columns_of_a_total_are_a_question_each() -> None:
    def row(row: Row) -> Row:
        post, tip = (0, 4.9)[row["place"] % 2], (0, 1, 2.5)[row["place"] % 3]
        return {"Post": post, "Extra tip": tip, "Total": round(full(row) + post + tip, 2)}

    assert keys(proposal_for(file(row))) == ["subtract.Post", "subtract.Extra tip"]


def test_a_total_with_tax_is_explained_without_another_column() -> None:
    def row(row: Row) -> Row:
        tax = round(full(row) * 0.2, 2)
        return {"Tax": tax, "Gross income": tax, "Total": round(full(row) + tax, 2)}

    assert not [key for key in keys(proposal_for(file(row))) if key.startswith("subtract")]


def refunded(row: Row) -> Row:
    back = round(full(row) / 2, 2) if row["place"] % 7 == 0 else 0
    return {"Total": full(row), "Refunded": back}


def test_refunds_beside_a_total_are_a_question() -> None:
    (question,) = proposal_for(file(refunded)).questions
    assert question.key == "subtract.Refunded"
    assert question.evidence.startswith("Refunded is not 0 in 9 of 60 rows, together ")
    assert question.evidence.endswith("; Total is Qty × Price there, before Refunded")
    answered = proposal_for(file(refunded), **{"subtract.Refunded": "yes"})
    assert answered.contract["amounts"]["subtract"] == {"net_amount": ["Refunded"]}


def test_refunds_with_a_minus_sign_are_added() -> None:
    data = file(lambda row: {"Total": full(row), "Refunded": -refunded(row)["Refunded"]})
    assert proposal_for(data, **{"subtract.Refunded": "yes"}).contract["amounts"]["add"] == {"net_amount": ["Refunded"]}


@pytest.mark.parametrize("price", [3.5, 500])
def test_refunds_of_whole_orders_or_above_the_total_are_none_of_a_line(price: float) -> None:
    data = file(lambda row: {"Total": full(row), "Refunded": price if row["place"] // 2 % 5 == 0 else 0})
    assert keys(proposal_for(data)) == []


def returned(row: Row) -> Row:
    back = int(row["place"] % 5 == 0)
    return {"Qty returned": back, "Total": round((row["Qty"] - back) * row["Price"], 2)}


def test_returned_units_are_subtracted_on_request() -> None:
    (question,) = proposal_for(file(returned)).questions
    assert question.key == "subtract.Qty returned"
    assert "Total is the price of Qty less Qty returned there" in question.evidence
    contract = proposal_for(file(returned), **{"subtract.Qty returned": "yes"}).contract
    assert contract["amounts"]["subtract"] == {"quantity": ["Qty returned"]}
    assert contract["columns"]["net_amount"] == "Total"


def test_a_total_of_all_units_is_replaced_if_some_came_back() -> None:
    data = file(lambda row: returned(row) | {"Total": full(row)})
    assert "not taken from Total" in proposal_for(data).questions[0].words
    contract = parse_contract(proposal_for(data, **{"subtract.Qty returned": "yes"}).contract)
    assert (contract.amounts.subtract, "net_amount" in contract.columns) == ({"quantity": ("Qty returned",)}, False)


@pytest.mark.parametrize(("answer", "roles"), [("yes", {"net_amount", "quantity"}), ("no", set())])
def test_the_units_of_refunds_follow_the_answer_to_their_money(answer: str, roles: set[str]) -> None:
    data = file(lambda row: {"Total": full(row)} | money_and_units(row))
    (question,) = proposal_for(data).questions
    assert question.key == "subtract.Refunded"
    assert question.words.endswith(" The units in Qty returned are subtracted, too.")
    amounts = proposal_for(data, **{"subtract.Refunded": answer}).contract.get("amounts", {})
    assert amounts.get("subtract", {}).keys() == roles


def test_units_that_came_back_without_a_refund_are_a_question_of_their_own() -> None:
    def more(row: Row) -> Row:
        return {"Total": full(row)} | money_and_units(row) | ({"Refunded": 0} if row["place"] == 5 else {})

    assert keys(proposal_for(file(more))) == ["subtract.Refunded", "subtract.Qty returned"]


def money_and_units(row: Row) -> Row:
    back = int(row["place"] % 5 == 0)
    return {"Refunded": round(back * row["Price"], 2), "Qty returned": back}


@pytest.mark.parametrize(
    ("header", "rest"),
    [
        ("Refunded", "-"),
        ("Qty returned", "Qty"),
        ("RefundAmount", "Amount"),
        ("Menge storniert", "Menge"),
        ("Retourmenge", "menge"),
        ("Returning customers", ""),
        ("Total", ""),
    ],
)
def test_a_column_of_what_came_back_is_recognised_by_its_name(header: str, rest: str) -> None:
    assert reversed_column(header) == rest


def test_a_single_refund_is_a_question() -> None:
    proposal = proposal_for(
        file(lambda row: {"Total": row["Qty"] * row["Price"], "Refunded": 3.5 * (row["place"] == 9)})
    )
    assert "subtract.Refunded" in keys(proposal)


def test_of_two_columns_with_the_same_refunds_one_is_a_question() -> None:
    def more(row: Row) -> Row:
        back = 2.25 * (row["place"] % 9 == 0)
        return {"Total": row["Qty"] * row["Price"], "Refunded": back, "Converted refunded": back}

    assert [key for key in keys(proposal_for(file(more))) if key.startswith("subtract")] == ["subtract.Refunded"]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("id,Created (UTC),Amount,Amount Refunded,Currency,Fee,Status", "Amount Refunded"),
        ("Date,Time,Time Zone,Gross Sales,Net Sales,Total Collected,Net Total,Transaction ID,Partial Refunds",
         "Partial Refunds"),
    ],
)  # fmt: skip
def test_the_refunds_of_a_known_export_are_questions(header: str, column: str) -> None:
    names = header.split(",")
    values = {"id": "ch{}", "Transaction ID": "t{}", "Date": "2026-02-{:02}", "Time": "12:00:00", "Status": "Paid",
              "Created (UTC)": "2026-02-{:02} 10:00:00", "Currency": "eur", column: "-5.50"}  # fmt: skip
    rows = [",".join(values.get(name, "4{}.25").format(number) for name in names) for number in range(10, 28)]
    proposal = proposal_for("\n".join([header, *rows, ""]).encode(), tax_rate="0.2")
    assert f"subtract.{column}" in keys(proposal)


def computed(row: Row) -> Row:
    return {"Refunded": row["Price"] if row["place"] % 5 == 0 else 0}


def test_refunds_reduce_a_computed_total_as_a_discount() -> None:
    (question,) = proposal_for(file(computed)).questions
    assert (question.key, question.choices) == ("subtract.Refunded", ("yes", "no"))
    assert question.words == "Is Refunded subtracted from Qty × Price, so that the revenue is after it?"
    contract = proposal_for(file(computed), **{"subtract.Refunded": "yes"}).contract
    assert contract["columns"]["discount"] == "Refunded"
    assert "discount" not in proposal_for(file(computed), **{"subtract.Refunded": "no"}).contract["columns"]


def test_refunds_of_a_computed_total_with_a_minus_sign_have_a_factor() -> None:
    data = file(lambda row: {"Refunded": -computed(row)["Refunded"]})
    assert proposal_for(data, **{"subtract.Refunded": "yes"}).contract["amounts"]["factors"] == {"discount": -1}


def test_refunds_are_added_to_the_discount_of_a_computed_total() -> None:
    data = file(lambda row: {"Discount": 0.5 if row["place"] % 3 == 0 else 0} | computed(row))
    amounts = proposal_for(data, discount="amount", **{"subtract.Refunded": "yes"}).contract["amounts"]
    assert amounts["add"] == {"discount": ["Refunded"]}
