"""Several taxes of one row, such as CGST and SGST, are added."""

import io

from tillstream.detection import Proposal, propose
from tillstream.model.contract import parse_contract

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC", "identity": "No"}
NETS = (10.0, 25.0, 12.5, 40.0, 99.9, 6.0, 30.0, 15.5)


def proposal_for(header: str, *rates: float, total: bool = False, **answers: str) -> Proposal:
    """A proposal for rows of a net amount, a tax per rate, and their total. total: the last tax is that of all."""
    rows = []
    for number, net in enumerate(NETS):
        taxes = [round(net * rate, 2) for rate in rates]
        with_tax = net + (taxes[-1] if total else sum(taxes))
        cells = ",".join(f"{amount:.2f}" for amount in (net, *taxes, with_tax))
        rows.append(f"{100 + number},2026-03-{14 + number},Mug,1,{cells}")
    text = "\n".join([f"No,Date,Item,Qty,{header}", *rows, ""])
    return propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)


def evidence(proposal: Proposal, about: str) -> str:
    return next(finding.evidence for finding in proposal.findings if finding.about == about)


def test_taxes_that_a_total_adds_to_the_net_are_added() -> None:
    proposal = proposal_for("Net,Excise Tax,Sales Tax,Total", 0.37, 0.09)
    assert proposal.contract["columns"]["tax"] == "Excise Tax"
    assert proposal.contract["amounts"] == {"add": {"tax": ["Sales Tax"]}}
    assert evidence(proposal, "column.tax") == (
        "Total is Net + Excise Tax + Sales Tax in 100% of 8 rows, so the tax is their sum"
    )
    assert evidence(proposal, "column.gross_amount").startswith("it is Net + Excise Tax and Sales Tax in 100%")


def test_a_tax_that_is_the_sum_of_the_others_is_the_tax() -> None:
    proposal = proposal_for("Net,State Tax,City Tax,Tax,Total", 0.05, 0.03, 0.08, total=True)
    assert proposal.contract["columns"]["tax"] == "Tax"
    assert "amounts" not in proposal.contract


def test_names_of_one_family_are_enough() -> None:
    text = "No,Date,Item,Qty,CGST,SGST,Total\n" + "".join(
        f"{100 + number},2026-03-{14 + number},Mug,1,{net * 0.09:.2f},{net * 0.09:.2f},{net * 1.18:.2f}\n"
        for number, net in enumerate((100.0, 250.0, 300.0, 50.0, 700.0, 1000.0, 150.0, 200.0))
    )
    proposal = propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS)
    assert proposal.questions == ()
    assert proposal.contract["amounts"] == {"include": "tax", "add": {"tax": ["SGST"]}}
    assert parse_contract(proposal.contract).columns["gross_amount"] == "Total"


def test_the_tax_of_the_shipping_is_no_other_tax_of_the_goods() -> None:
    proposal = proposal_for("Net,Tax,Shipping Tax,Total", 0.2, 0.01)
    assert proposal.contract["columns"]["tax"] == "Tax"
    assert "tax" not in proposal.contract.get("amounts", {}).get("add", {})


def test_an_answer_is_kept() -> None:
    proposal = proposal_for("Net,Excise Tax,Sales Tax,Total", 0.37, 0.09, **{"column.tax": "Sales Tax"})
    assert proposal.contract["columns"]["tax"] == "Sales Tax"
    assert "tax" not in proposal.contract.get("amounts", {}).get("add", {})
