"""Tips and gift cards among the products of a file are asked about."""

import io

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.words.row_words import not_goods_kind

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "No"}


def proposal_for(*rows: tuple[str, str], **answers: str) -> Proposal:
    """A proposal for six sales of mugs and further rows of a product and its price."""
    sold = [("Mug", "12.50"), ("Bowl", "9.75"), ("Tea", "4.20"), ("Lamp", "59.00"), ("Pot", "31.00"), ("Vase", "18.00")]
    text = "No,Date,Item,Qty,Price\n" + "".join(
        f"{100 + number},2026-03-{14 + number},{product},1,{price}\n"
        for number, (product, price) in enumerate((*sold, *rows))
    )
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def test_a_tip_among_the_products_is_a_question_with_a_usual_answer() -> None:
    (question,) = proposal_for(("Gratuity", "3.00"), ("Gratuity", "2.00")).questions
    assert (question.key, question.choices, question.default) == ("ignore.Gratuity", ("yes", "no"), "yes")
    assert question.evidence == "2 of 8 rows are no goods by this name; a tip is no sale"
    assert question.lines == (8,)


def test_the_rows_are_ignored_by_their_cell() -> None:
    proposal = proposal_for(("Trinkgeld", "3.00"), **{"ignore.Trinkgeld": "yes"})
    assert proposal.contract["file"]["ignore_where"] == {"Item": ["Trinkgeld"]}
    kept = proposal_for(("Trinkgeld", "3.00"), **{"ignore.Trinkgeld": "no"})
    assert "ignore_where" not in kept.contract["file"]


def test_a_gift_card_has_no_usual_answer() -> None:
    (question,) = proposal_for(("Gift card 25 €", "25.00")).questions
    assert (question.key, question.default) == ("ignore.Gift card 25 €", "")


def test_a_voucher_that_was_used_stays_a_part_of_its_order() -> None:
    assert proposal_for(("Gutschein", "-5.00")).questions == ()


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("Tips", "tips"), ("GIFT CARD $50", "gift_cards"), ("Carte cadeau", "gift_cards"), ("Tip-Top glue", ""), ("", "")],
)
def test_only_whole_cells_count(cell: str, kind: str) -> None:
    assert not_goods_kind(cell) == kind


@pytest.mark.parametrize("product", ["Shipping", "Versandkosten", "Frais de port", "送料"])
def test_shipping_among_the_products_is_a_question_also_if_it_was_refunded(product: str) -> None:
    (question,) = proposal_for((product, "4.90"), (product, "-4.90")).questions
    assert (question.key, question.default) == (f"ignore.{product}", "")
    assert question.evidence.endswith("; shipping is no revenue of goods, and its rows would count as units")


@pytest.mark.parametrize("product", ["Port", "Porto", "Carriage", "Transport"])
def test_a_name_of_goods_that_also_means_shipping_is_no_question(product: str) -> None:
    assert proposal_for((product, "14.90")).questions == ()


def test_a_name_with_an_asterisk_ignores_no_other_rows() -> None:
    proposal = proposal_for(("Tip*", "3.00"), **{"ignore.Tip*": "yes"})
    assert proposal.contract["file"]["ignore_where"] == {"Item": [r"Tip\*"]}
    assert proposal.rows == 6
