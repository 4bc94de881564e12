"""Quantity × price shows which character is the decimal separator."""

import io

import pytest

from tillstream.detection import Proposal, propose

PRICES = ((3, 980), (2, 1200), (1, 450), (5, 1980), (4, 650), (10, 120))


def proposed(rows: list[str]) -> Proposal:
    text = "\n".join(["日付,伝票番号,商品名,数量,単価,金額", *rows])
    return propose(io.BytesIO(text.encode("cp932")), name="x")


def open_keys(proposal: Proposal) -> set[str]:
    return {question.key for question in proposal.questions}


def rows(sign: str = ",", *, prices: tuple[tuple[int, int], ...] = PRICES, more: int = 0) -> list[str]:
    cells = [(units, f"{price:,}", f"{units * price + more:,}") for units, price in prices]
    lines = enumerate((units, price.replace(",", sign), total.replace(",", sign)) for units, price, total in cells)
    return [f'2026年11月{16 + n}日,{1001 + n},品{n},{units},"{price}","{total}"' for n, (units, price, total) in lines]


@pytest.mark.parametrize(("sign", "decimal"), [(",", "."), (".", ",")])
def test_a_product_below_a_thousand_times_units_shows_that_the_sign_groups_thousands(sign: str, decimal: str) -> None:
    proposal = proposed(rows(sign))
    assert "decimal" not in open_keys(proposal)
    assert (proposal.contract["numbers"]["decimal"], proposal.contract["numbers"]["thousands"]) == (decimal, sign)
    evidence = next(finding.evidence for finding in proposal.findings if finding.about == "decimal")
    assert evidence == f"数量 × 単価 is 金額 in all 6 rows, as in 3 × 980 = 2{sign}940"


def test_weights_of_three_decimals_are_no_thousands() -> None:
    weighed = [
        f'2026年11月{16 + number}日,{1001 + number},品{number},"{units}",{price},"{total}"'
        for number, (units, price, total) in enumerate([("1,250", 200, 250), ("1,125", 800, 900), ("2,375", 400, 950)])
    ]
    proposal = proposed(weighed)
    assert proposal.contract["numbers"]["decimal"] == ","


@pytest.mark.parametrize(
    "ambiguous",
    [
        pytest.param(rows(prices=((3, 1250), (2, 1200), (4, 2500))), id="both readings agree"),
        pytest.param(rows(more=100), id="no reading agrees"),
        pytest.param([*rows(), '2026年11月30日,2000,品,3,"1,000","2,900"'], id="one row differs"),
        pytest.param(rows(prices=((3, 980), (2, 1200), (4, 2500))), id="one total is no proof"),
    ],
)
def test_without_a_proof_in_all_rows_the_separator_is_open(ambiguous: list[str]) -> None:
    assert "decimal" in open_keys(proposed(ambiguous))
