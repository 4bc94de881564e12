"""Refunds of a total with tax reduce the amounts of their row in the same proportion."""

from decimal import Decimal

from source_tables import column, contract, issue_keys, source_table

from tillstream.pipeline.normalising.normalise import normalise

NET = {"net_amount": "Net", "tax": "Tax"}


def test_the_net_amount_and_the_tax_fall_in_the_proportion_of_the_refund() -> None:
    rules = contract(NET, amounts={"refunded": {"Refund": "Paid"}})
    source = source_table(
        Net=["90", "90", "90", "-90"], Tax=["9", "9", "9", "-9"], Paid=["110", "110", "110", "-110"],
        Refund=["", "110", "-27.50", "27.50"],
    )  # fmt: skip
    assert column("net_amount", source, rules) == [90, 0, Decimal("67.5"), Decimal("-67.5")]
    assert column("tax", source, rules) == [9, 0, Decimal("6.75"), Decimal("-6.75")]
    assert column("gross_amount", source, rules) == [99, 0, Decimal("74.25"), Decimal("-74.25")]


def test_prices_with_tax_fall_with_their_tax() -> None:
    rules = contract({"gross_amount": "Paid", "tax": "Tax"}, amounts={"include": "tax", "refunded": {"Refund": "Paid"}})
    source = source_table(Tax=["20", "20"], Paid=["120", "120"], Refund=["120", "60"])
    assert column("net_amount", source, rules) == [0, 50]


def test_a_total_after_refunds_is_used_where_it_is_filled() -> None:
    rules = contract(NET, amounts={"remaining": {"Adjusted": "Paid"}})
    source = source_table(Net=["90", "90", "90"], Tax=["9", "9", "9"], Paid=["110", "110", ""], Adjusted=["", "0", ""])
    assert column("net_amount", source, rules) == [90, 0, 90]


def test_a_refund_without_its_total_is_a_problem() -> None:
    rules = contract(NET, amounts={"refunded": {"Refund": "Paid"}})
    source = source_table(Net=["90", "90"], Tax=["9", "9"], Paid=["", ""], Refund=["5", "0"])
    assert column("net_amount", source, rules) == [None, 90]
    assert (0, "missing-expected", "net_amount") in issue_keys(normalise(source, rules)[1])
