"""The day of sales that no single column contains: from the name of the file, or from three columns."""

import io
from collections.abc import Sequence
from datetime import date

import pytest
from proposals import ANSWERS

from tillstream.detection import Proposal, propose
from tillstream.detection.values.date_source import date_formats_in_name
from tillstream.model.contract import parse_contract
from tillstream.pipeline.staging.figures import read_figures

DAY = [(1000 + n, f"Item {n % 3}", n % 4 + 1, f"{10 + n}.50") for n in range(20)]
PARTS = [(1000 + n, 2026, 3 - n % 2, n + 1, n % 4 + 1, f"{10 + n}.50") for n in range(20)]


def content(header: str, rows: Sequence[Sequence[object]]) -> bytes:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows), ""]).encode()


def proposal_for(data: bytes, file: str, **answers: str) -> Proposal:
    return propose(io.BytesIO(data), name="shop", file=file, answers=ANSWERS | answers)


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("sales_2026-03-14.csv", "%Y-%m-%d"),
        ("Umsatz 14.03.2026.csv", "%d.%m.%Y"),
        ("20260314_till.csv", "%Y%m%d"),
        ("till-14-Mar-26.csv", "%d-%b-%y"),
        ("2026_03_14.csv", "%Y_%m_%d"),
        ("z-25-03-2026.csv", "%d-%m-%Y"),
    ],
)
def test_the_day_in_the_name_of_a_file_is_found(name: str, format_: str) -> None:
    data = content("Receipt,Item,Qty,Total", DAY)
    proposal = proposal_for(data, name)
    assert proposal.questions == ()
    assert proposal.contract["file"]["date_in_name"] == format_
    figures = read_figures(lambda: io.BytesIO(data), parse_contract(proposal.contract), date(2026, 4, 1), file=name)
    assert (figures.accepted, f"{figures.first_date:%Y-%m}") == (20, "2026-03")


@pytest.mark.parametrize("name", ["sales.csv", "2026-03-01_2026-03-31.csv", "order 12345678.csv"])
def test_a_name_without_exactly_one_day_leads_to_a_question(name: str) -> None:
    (question,) = proposal_for(content("Receipt,Item,Qty,Total", DAY), name).questions
    assert question.key == "date"
    assert "sales_2026-03-14.csv" in question.words


def test_a_day_that_two_orders_can_read_leads_to_a_question() -> None:
    data = content("Receipt,Item,Qty,Total", DAY)
    (question,) = proposal_for(data, "till-03-04-2026.csv").questions
    assert question.choices == ("%d-%m-%Y", "%m-%d-%Y")
    answered = proposal_for(data, "till-03-04-2026.csv", date="%m-%d-%Y")
    assert answered.questions == ()
    assert answered.contract["file"]["date_in_name"] == "%m-%d-%Y"
    assert [len(date_formats_in_name(name)) for name in ("a-03-03-2026.csv", "a-13-03-2026.csv")] == [1, 1]


def test_sales_that_columns_identify_differ_between_days() -> None:
    rows = [(f"Shop {n % 2}", f"SKU{n}", n % 4 + 1, f"{10 + n}.50") for n in range(20)]
    answers = {"identity": "Store,SKU"}
    proposal = proposal_for(content("Store,SKU,Qty,Total", rows), "sales_2026-03-14.csv", **answers)
    assert parse_contract(proposal.contract).identity.made_of == ("Store", "SKU", "(date in the file name)")


@pytest.mark.parametrize("months", [("2", "3"), ("Feb", "March"), ("février", "mars")])
def test_year_month_and_day_in_three_columns_are_joined(months: tuple[str, str]) -> None:
    rows = [(row[0], row[1], months[row[2] - 2], *row[3:]) for row in PARTS]
    data = content("Receipt,Year,Month,Day,Qty,Total", rows)
    proposal = proposal_for(data, "sales.csv")
    assert proposal.questions == ()
    figures = read_figures(
        lambda: io.BytesIO(data), parse_contract(proposal.contract), date(2026, 4, 1), file="sales.csv"
    )
    assert (figures.accepted, figures.first_date, figures.last_date) == (20, date(2026, 2, 2), date(2026, 3, 19))
