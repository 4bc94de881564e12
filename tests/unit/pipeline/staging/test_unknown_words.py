"""Status words that a contract does not map: their share of rows and amount decides whether the file is held."""

from datetime import date
from functools import partial
from io import BytesIO

import pytest

from tillstream.model.batch import CurrencyAmounts, StagingReport, UnknownWord
from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.pipeline.staging.write_rows import UnknownWordCounter, describe_unknown_words, unknown_share

CONTRACT = parse_contract(
    {
        "name": "shop",
        "region": "R",
        "currency": "EUR",
        "identity": {"ids": "region-wide"},
        "columns": {"sale_id": "No", "date": "Date", "net_amount": "Total", "status": "State"},
        "status": {"words": {"Paid": "completed"}},
    }
)


def counted(text: str, contract: Contract = CONTRACT) -> tuple[UnknownWord, ...]:
    counter = UnknownWordCounter()
    for row_batch in RegionalFileSource(partial(BytesIO, text.encode()), contract, date(2026, 6, 1)).row_batches():
        counter.add(row_batch)
    return counter.words()


def report(rows: int, accepted: str, *words: UnknownWord) -> StagingReport:
    return StagingReport(rows_read=rows, amounts=(CurrencyAmounts("EUR", accepted, None),), unknown_words=words)


def test_words_are_counted_with_their_rows_and_amounts() -> None:
    text = "No,Date,Total,State\n1,2026-03-01,10.00,Paid\n2,2026-03-01,5.50,Lost\n3,2026-03-01,-4.50,Lost\n"
    assert counted(text + "4,2026-03-02,x,Gone\n") == (
        UnknownWord("Lost", "EUR", 2, "10"),
        UnknownWord("Gone", "EUR", 1, "0"),
    )


def test_a_file_of_known_words_has_no_share() -> None:
    assert unknown_share(report(100, "500")) == (0.0, 0.0)


@pytest.mark.parametrize(("rows", "accepted", "share"), [(100, "990", (0.01, 0.01)), (1000, "10", (0.001, 0.5))])
def test_the_share_is_of_rows_and_of_the_amount(rows: int, accepted: str, share: tuple[float, float]) -> None:
    assert unknown_share(report(rows, accepted, UnknownWord("Lost", "EUR", 1, "10"))) == share


def test_a_currency_of_its_own_is_not_hidden_by_a_larger_one() -> None:
    words = (UnknownWord("Lost", "JPY", 1, "500"),)
    assert unknown_share(report(1000, "1000000", *words)) == (0.001, 1.0)


def test_the_message_names_each_word_with_its_rows_and_amount() -> None:
    words = UnknownWord("Lost", "EUR", 2, "10"), UnknownWord("Gone", "EUR", 1, "0")
    assert describe_unknown_words(report(100, "90", *words), "State") == (
        "3 of 100 rows (3.0%) and 10.0% of the amount have a word in State that the data source does not map: "
        "“Lost” (2 rows, 10.00 EUR), “Gone” (1 row, 0.00 EUR)."
    )
