"""A column that seems to be the date and cannot be read is a question; the file gets no single day instead of it."""

import io

import pytest
from proposals import ANSWERS

from tillstream.detection import Proposal, propose

DATED = "sales_2026-03-21.csv"


def proposal_for(dates: list[str], header: str = "Date", file: str = DATED, **answers: str) -> Proposal:
    rows = [f"{day},{1000 + n},Item {n % 3},{n % 4 + 1},{10 + n}.50" for n, day in enumerate(dates)]
    data = "\n".join([f"{header},Receipt,Item,Qty,Net amount", *rows, ""]).encode()
    return propose(io.BytesIO(data), name="shop", file=file, answers=ANSWERS | answers)


def days(style: str) -> list[str]:
    return [style.format(1 + n) for n in range(20)]


@pytest.mark.parametrize("file", ["sales.csv", DATED])
@pytest.mark.parametrize(
    ("header", "style", "reason"),
    [
        ("Date", "Mar {}", "they have no year"),
        ("Datum", "{:02}.03.", "they have no year"),
        ("Date", "{}/3", "they have no year"),
        ("Week", "2026-W{:02}", "they are weeks"),
        ("Month", "Mar 20{:02}", "they have no day"),
        ("Date", "1447/09/{:02}", "the year 1447 is of a calendar that is not known"),
        ("Tarikh", "{:02}/09/1447", "the year 1447 is of a calendar that is not known"),
        ("Date", "115/03/{:02}", "the year 115 is of a calendar that is not known"),
        ("Date", "day {} of March", "the format is not known"),
    ],
)
def test_a_column_of_dates_that_cannot_be_read_is_a_question(file: str, header: str, style: str, reason: str) -> None:
    (question,) = proposal_for(days(style), header, file).questions
    assert (question.key, question.choices) == ("column.date", ("-",))
    assert f"“{style.format(1)}”" in question.words
    assert reason in question.words
    assert "ename the file" not in question.words


def test_without_a_date_in_the_column_the_day_is_that_of_the_file() -> None:
    proposal = proposal_for(days("Mar {}"), **{"column.date": "-"})
    assert proposal.questions == ()
    assert proposal.contract["file"]["date_in_name"] == "%Y-%m-%d"


@pytest.mark.parametrize("others", ["Total", "see above"])
def test_days_among_other_cells_are_a_question(others: str) -> None:
    cells = [f"{1 + n:02}/03/2026" if n % 3 == 0 else f"{others} {n}" for n in range(20)]
    (question,) = proposal_for(cells, "Note").questions
    assert question.key == "column.date"
    assert "“01/03/2026”" in question.words


@pytest.mark.parametrize("cell", ["A{}", "{}.5", "12-34-{:02}", "May be {}", "S"])
def test_other_cells_are_no_dates(cell: str) -> None:
    assert proposal_for(days(cell), "Code").questions == ()


@pytest.mark.parametrize(
    ("style", "format_"), [("{:02}032026", "%d%m%Y"), ("03{:02}2026", "%m%d%Y"), ("{:02}0399", "%d%m%y")]
)
def test_dates_without_separators_are_read_if_the_column_is_called_so(style: str, format_: str) -> None:
    proposal = proposal_for(days(style))
    assert proposal.questions == ()
    assert proposal.contract["dates"]["formats"] == [format_]


def test_seconds_since_1970_are_read_if_the_column_is_called_so() -> None:
    seconds = [str(1770076800 + 86_400 * n) for n in range(20)]
    proposal = proposal_for(seconds, "created")
    assert proposal.contract["dates"]["formats"] == ["unix"]
    assert proposal.contract["columns"]["date"] == "created"
    assert "date" not in proposal_for(seconds, "Phone").contract["columns"]
