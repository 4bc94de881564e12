"""Refunds that contain tax and shipping reduce the revenue and the tax in proportion."""

import io
from collections.abc import Sequence

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "No"}
NETS = (10.0, 25.0, 12.5, 40.0, 99.9, 6.0, 30.0, 15.5)


def proposal_for(header: str, refunds: Sequence[str], shipping: float = 0.0, **answers: str) -> Proposal:
    """A proposal for orders with a tax of 20%. refunds: of the first orders; `all` is the whole total."""
    rows = []
    for number, net in enumerate(NETS):
        total = f"{net * 1.2 + shipping:.2f}"
        refund = refunds[number] if number < len(refunds) else ""
        amounts = f"{net:.2f},{net * 0.2:.2f},{total},{total if refund == 'all' else refund}"
        rows.append(f"{100 + number},2026-03-{14 + number},Mug,1,{amounts}")
    text = "\n".join([f"No,Date,Item,Qty,{header}", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def test_a_refund_that_is_all_of_a_total_with_tax_is_a_part_of_it() -> None:
    (question,) = proposal_for("Net,Tax,Order Total,Refund", ["all", "all", "3.00"], 5.0).questions
    assert question.words == (
        "Is Refund subtracted, so that the revenue is after it? It is a part of Order Total, so Net and its tax fall "
        "in the same proportion."
    )
    assert question.evidence.endswith("it is all of Order Total in 2 of these rows")
    proposal = proposal_for("Net,Tax,Order Total,Refund", ["all", "all"], 5.0, **{"subtract.Refund": "yes"})
    assert proposal.contract["amounts"] == {"refunded": {"Refund": "Order Total"}}
    assert parse_contract(proposal.contract).amounts.refunded == {"Refund": "Order Total"}


def test_the_tax_of_a_total_with_tax_falls_with_it() -> None:
    text = "No,Date,Item,Tax,Total incl. tax,Refund\n" + "".join(
        f"{100 + number},2026-03-{14 + number},Mug,{net * 0.2:.2f},{net * 1.2:.2f},{2 if number < 3 else ''}\n"
        for number, net in enumerate(NETS)
    )
    answers = ANSWERS | {"subtract.Refund": "yes", "column.quantity": "-"}
    proposal = propose(io.BytesIO(text.encode()), name="shop", answers=answers)
    assert proposal.contract["amounts"] == {"include": "tax", "refunded": {"Refund": "Total incl. tax"}}


def test_refunds_that_no_row_explains_may_contain_tax() -> None:
    (question,) = proposal_for("Net,Tax,Total,Refund", ["3.00", "2.00"]).questions
    assert question.choices == ("yes", "with_tax", "no")
    with_tax = proposal_for("Net,Tax,Total,Refund", ["3.00", "2.00"], **{"subtract.Refund": "with_tax"})
    assert with_tax.contract["amounts"] == {"refunded": {"Refund": "Total"}}
    without = proposal_for("Net,Tax,Total,Refund", ["3.00", "2.00"], **{"subtract.Refund": "yes"})
    assert without.contract["amounts"] == {"subtract": {"net_amount": ["Refund"]}}


def test_a_total_after_refunds_beside_the_one_before_them_is_a_question() -> None:
    header = "Net,Tax,Order Total,Adjusted Order Total"
    (question,) = proposal_for(header, ["0.00", "12.00", "15.00"], 5.0).questions
    assert question.key == "subtract.Adjusted Order Total"
    assert question.evidence == "Adjusted Order Total is less than Order Total in 3 rows, together 45.00"
    proposal = proposal_for(header, ["0.00"], 5.0, **{"subtract.Adjusted Order Total": "yes"})
    assert proposal.contract["amounts"] == {"remaining": {"Adjusted Order Total": "Order Total"}}


def test_a_total_after_its_refunds_is_not_reduced_again() -> None:
    rows = ["No,Date,Item,Qty,Gross sales,Refunds,Net sales"]
    for number, gross in enumerate(NETS):
        refund = 2.0 if number % 2 else 0.0
        rows.append(f"{100 + number},2026-03-{14 + number},Mug,1,{gross:.2f},{refund:.2f},{gross - refund:.2f}")
    data = "\n".join([*rows, ""]).encode()
    assert propose(io.BytesIO(data), name="shop", answers=ANSWERS).questions == ()
    before = b"\n".join(line.rsplit(b",", 1)[0] for line in data.replace(b"Gross sales", b"Total").splitlines())
    (question,) = propose(io.BytesIO(before + b"\n"), name="shop", answers=ANSWERS).questions
    assert question.key == "subtract.Refunds"
