"""Files with a row for each step of an order."""

import io

import pytest

from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "currency": "EUR"}


def proposal_for(*paths: tuple[str, ...], header: str = "Order,Date,Event,Total", **answers: str) -> Proposal:
    """A proposal for 24 orders; each has the steps of one of the paths."""
    rows = [
        f"{1000 + order},2026-03-{1 + order:02},{step},{10 + order}.50"
        for order in range(24)
        for step in paths[order % len(paths)]
    ]
    return propose(io.BytesIO("\n".join([header, *rows, ""]).encode()), name="x", answers=ANSWERS | answers)


def test_steps_of_an_order_are_the_only_question_until_it_is_answered() -> None:
    (question,) = proposal_for(("Created", "Paid", "Shipped")).questions
    assert (question.key, question.choices) == ("event", ("Created", "Paid", "Shipped", "all"))
    assert question.evidence.startswith("24 of 24 orders or lines are repeated with the same amounts")


def test_the_rows_of_other_steps_are_ignored_and_later_words_are_not() -> None:
    proposal = proposal_for(("Created", "Paid", "Shipped"), event="Paid")
    assert proposal.questions == ()
    assert proposal.contract["file"]["ignore_where"] == {"Event": ["Created", "Shipped"]}
    assert proposal.contract["status"]["words"] == {"Paid": "completed"}


@pytest.mark.parametrize(
    ("ending", "counted", "ignored", "words"),
    [
        (("Created", "Paid", "Refunded"), "Paid", ["Created"], {"Paid": "completed", "Refunded": "returned"}),
        (("Created", "Cancelled"), "Paid", ["Created", "Cancelled"], {"Paid": "completed"}),
        (("Created", "Cancelled"), "Created", ["Paid"], {"Created": "completed", "Cancelled": "returned"}),
    ],
)
def test_a_cancellation_takes_back_only_what_counted(
    ending: tuple[str, ...], counted: str, ignored: list[str], words: dict[str, str]
) -> None:
    contract = proposal_for(("Created", "Paid"), ("Created", "Paid"), ending, event=counted).contract
    assert contract["file"]["ignore_where"] == {"Event": ignored}
    assert contract["status"]["words"] == words
    assert contract["status"].get("unsigned_returns", False) == ("returned" in words.values())


def test_a_step_that_some_cancelled_orders_reached_cannot_be_the_only_one() -> None:
    (question,) = proposal_for(
        ("Created", "Paid"), ("Created", "Cancelled"), ("Created", "Paid", "Cancelled")
    ).questions
    assert question.choices == ("Created", "all")


@pytest.mark.parametrize("paths", [[("Sale",), ("Sale",), ("Sale", "Refund")], [("Paid",), ("Open",)]])
def test_orders_that_mostly_occur_once_raise_no_question(paths: list[tuple[str, ...]]) -> None:
    assert "event" not in [question.key for question in proposal_for(*paths).questions]


def test_the_order_need_not_have_a_name_of_an_order() -> None:
    (question,) = proposal_for(("angelegt", "bezahlt"), header="Bestellung,Datum,Vorgang,Betrag").questions
    assert question.key == "event"
    assert "event" not in [one.key for one in proposal_for(("angelegt", "bezahlt"), event="all").questions]
