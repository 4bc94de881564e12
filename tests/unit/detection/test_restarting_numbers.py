"""Sale numbers that start again: detection adds the day or the till, or asks; ordinary numbers raise no question."""

import io
from collections.abc import Iterable
from typing import Any

import pytest

from tillstream.detection import propose
from tillstream.detection.propose import Proposal
from tillstream.model.contract import parse_contract

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "amount": "net", "time_zone": "UTC"}
Row = tuple[Any, ...]


def proposal_for(header: str, rows: Iterable[Row], **answers: str) -> Proposal:
    lines = [header, *(",".join(map(str, row)) for row in rows), ""]
    return propose(io.BytesIO("\n".join(lines).encode()), name="shop", answers=ANSWERS | answers)


def identity(proposal: Proposal) -> tuple[str, ...]:
    assert not proposal.questions
    contract = proposal.contract
    return tuple(contract["identity"].get("made_of") or (contract["columns"]["sale_id"],))


def evidence(proposal: Proposal) -> str:
    return next(one.evidence for one in proposal.findings if one.about == "identity")


DAILY = [
    (n, f"2026-03-{day:02}", item, 2, "5.00") for day in range(1, 7) for n in range(1, 5) for item in ("Tea", "Mug")
]
HEADER = "Ticket,Date,Item,Qty,Price"


def test_numbers_of_each_day_identify_sales_with_the_day() -> None:
    proposal = proposal_for(HEADER, DAILY)
    assert identity(proposal) == ("Ticket", "Date")
    assert evidence(proposal) == (
        "4 of 4 numbers in Ticket have several days, such as 1 with 2026-03-01 and 2026-03-02: they start again"
    )
    assert next(one.lines for one in proposal.findings if one.about == "identity") == (2, 10)
    assert identity(proposal_for(HEADER, DAILY[::-1])) == ("Ticket", "Date")


def test_numbers_of_each_year_that_overlap_in_part_identify_sales_with_the_day() -> None:
    rows = [(f"{n:04}", f"2025-{1 + n // 28:02}-{1 + n % 28:02}", "Tea", 1, "5.00") for n in range(1, 200)]
    rows += [(f"{n:04}", f"2026-01-{n:02}", "Tea", 1, "5.00") for n in range(1, 11)]
    assert identity(proposal_for(HEADER, rows)) == ("Ticket", "Date")


def test_numbers_of_each_till_identify_sales_with_the_till() -> None:
    rows = [(n, till, f"2026-03-{n:02}", "Tea", 2, "5.00") for till in ("K1", "K2") for n in range(1, 20)]
    for name in ("Till", "Kasse", "Register No."):
        proposal = proposal_for(f"Ticket,{name},Date,Item,Qty,Price", rows)
        assert identity(proposal) == ("Ticket", name)
        assert f"19 of 19 numbers in Ticket have several values of {name}, such as 1 with K1 and K2" in evidence(
            proposal
        )
    assert identity(proposal_for("Ticket,Shelf,Date,Item,Qty,Price", rows, repeats="sales")) == ("Ticket",)


def test_numbers_of_each_till_and_day_identify_sales_with_both() -> None:
    rows = [(n, till, day, item, qty, price) for till in ("K1", "K2") for n, day, item, qty, price in DAILY]
    assert identity(proposal_for("Ticket,Till,Date,Item,Qty,Price", rows)) == ("Ticket", "Till", "Date")


def test_the_days_of_a_stores_numbers_are_compared_in_the_store() -> None:
    rows = [
        (n, store, f"2026-03-{n + later:02}", "Tea", 2, "5.00")
        for later, store in enumerate("NS")
        for n in range(1, 20)
    ]
    assert identity(proposal_for("Ticket,Store,Date,Item,Qty,Price", rows)) == ("Ticket",)
    rows = [(n, store, *rest) for store in ("N", "S") for n, *rest in DAILY]
    proposal = proposal_for("Ticket,Store,Date,Item,Qty,Price", rows)
    assert identity(proposal) == ("Ticket", "Date")
    assert proposal.contract["identity"]["ids"] == "per-store"
    assert "8 of 8 numbers of a store in Ticket" in evidence(proposal)


def test_returns_and_sales_over_midnight_are_no_restart() -> None:
    sales = [(n, f"2026-03-{1 + n // 5:02}", "Tea", 2, "5.00") for n in range(1, 100)]
    returns = [(n, "2026-03-25", "Tea", -2, "5.00") for n in range(1, 90)]
    nights = [(n, f"2026-03-{2 + n // 5:02}", "Mug", 1, "5.00") for n in range(9, 100, 10)]
    assert identity(proposal_for(HEADER, [*sales, *returns, *nights])) == ("Ticket",)


def test_most_numbers_on_several_days_without_a_restart_are_a_question() -> None:
    sales = [(n, f"2026-03-{1 + (n - 500) // 5:02}", "Tea", 2, "5.00") for n in range(500, 600)]
    parts = [(n, f"2026-03-{4 + (n - 500) // 5:02}", "Mug", 1, "5.00") for n in range(500, 590)]
    rows = sorted([*sales, *parts], key=lambda row: (row[1], -row[0]))
    (question,) = proposal_for(HEADER, rows).questions
    assert (question.key, question.choices) == ("identity", ("Ticket,Date", "Ticket"))
    assert question.evidence.startswith("90 of 100 numbers in Ticket have several days, such as ")
    assert identity(proposal_for(HEADER, rows, identity="Ticket,Date")) == ("Ticket", "Date")
    assert identity(proposal_for(HEADER, rows, identity="Ticket")) == ("Ticket",)


@pytest.mark.parametrize(
    ("written", "separator"),
    [("2026-03-{:02} 10:0{}:00", " "), ("{}/3/2026, 9:0{} PM", " "), ("2026-03-{:02}T10:0{}", "T")],
)
def test_the_day_is_split_from_dates_with_times(written: str, separator: str) -> None:
    rows = [(n, f'"{written.format(int(day[-2:]), row % 10)}"', *rest) for row, (n, day, *rest) in enumerate(DAILY)]
    proposal = proposal_for(HEADER, rows, date_order="DMY")
    assert identity(proposal) == ("Ticket", "Date (day)")
    assert proposal.contract["made"] == {"Date (day)": {"split": "Date", "by": separator, "part": 1}}
    assert parse_contract(proposal.contract).headers.count("Date") == 1


def test_times_that_cannot_be_split_off_are_a_question() -> None:
    rows = [(n, f"{int(day[-2:])} Mar 2026 10:0{row % 10}", *rest) for row, (n, day, *rest) in enumerate(DAILY)]
    (question,) = proposal_for(HEADER, rows, language="en").questions
    assert (question.key, question.choices) == ("identity", ("content", "Ticket"))
    assert question.evidence.endswith("so that number and date do not identify it together")


def test_a_counter_of_rows_beside_a_sale_number_is_a_question() -> None:
    rows = [(row, 1000 + row // 2, f"2026-03-{1 + row // 8:02}", "Tea", 2, "5.00") for row in range(1, 60)]
    header = "No,Bill,Date,Item,Qty,Price"
    (question,) = proposal_for(header, rows).questions
    assert (question.key, question.choices) == ("identity", ("Bill", "No"))
    assert question.evidence.startswith("No counts the rows of the file from 1; Bill is filled")
    assert identity(proposal_for(header, rows, identity="Bill")) == ("Bill",)
    assert identity(proposal_for(header, rows[1:])) == ("No",)


def test_most_numbers_with_several_customers_are_a_question() -> None:
    header = "Ticket,Date,Item,Customer,Qty,Price"
    names = (("Tea", "Ada"), ("Mug", "Max"))
    rows = [(n, f"2026-03-{1 + n // 5:02}", item, name, 2, "5.00") for n in range(60) for item, name in names]
    (question,) = proposal_for(header, rows).questions
    assert (question.key, question.choices) == ("identity", ("Ticket,Customer", "Ticket"))
    one = [(n, day, item, "Ada" if n % 3 else "Max", *rest) for n, day, item, _, *rest in rows]
    assert identity(proposal_for(header, one)) == ("Ticket",)


def test_products_of_one_day_identify_sales_with_the_day_of_the_file() -> None:
    data = "\n".join(["Item,Qty,Amount", *(f"Product {n},{n % 3 + 1},{n}.50" for n in range(1, 20)), ""])
    answers = ANSWERS | {"identity": "Item"}
    contract = propose(io.BytesIO(data.encode()), name="shop", file="z_2026-03-14.csv", answers=answers).contract
    assert contract["identity"]["made_of"] == ["Item", "(date in the file name)"]
    assert contract["columns"]["product_name"] == "Item"


def test_numbers_with_and_without_leading_zeros_are_a_question() -> None:
    rows = [
        (f"{n:0{8 * mug}}", f"2026-03-{1 + n // 5:02}", item, 2, "5.00")
        for n in range(1, 9)
        for mug, item in enumerate(("Tea", "Mug"))
    ]
    (question,) = proposal_for(HEADER, rows).questions
    assert (question.key, question.choices, question.lines) == ("identity", ("Ticket", "content"), (2, 3))
    assert "8 numbers of Ticket are written with and without leading zeros, such as 00000001 and 1" in question.evidence
    assert identity(proposal_for(HEADER, rows, identity="Ticket")) == ("Ticket",)
    assert identity(proposal_for(HEADER, rows[1::2])) == ("Ticket",)


@pytest.mark.parametrize("words", [("Sale", "Phone sale"), ("Verkauf", "Abholung", "Lieferung")])
def test_a_column_of_kinds_is_no_sale_number(words: tuple[str, ...]) -> None:
    rows = [(100 + n, f"2026-03-{1 + n // 8:02}", words[n % len(words)], "Tea", 2, "5.00") for n in range(60)]
    proposal = proposal_for("Order,Date,Transaction,Item,Qty,Price", rows)
    assert proposal.contract["columns"]["sale_id"] == "Order"
