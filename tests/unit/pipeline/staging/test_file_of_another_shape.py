"""A file that lacks its contract's columns is refused in words that a person can read to their end."""

import io
from datetime import date

import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging.file_source import RegionalFileSource

CONTRACT = shipped_contracts()["online-retail-uk"]
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def refusal(text: str) -> str:
    with pytest.raises(Rejected) as caught:
        list(RegionalFileSource(lambda: io.BytesIO(text.encode()), CONTRACT, date(2026, 1, 1)).row_batches())
    return str(caught.value)


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_named(delimiter: str, name: str) -> None:
    words = refusal(HEAD.replace(",", delimiter) + "\n1" + delimiter * 7 + "\n")
    assert words.startswith(f"The cells are separated by {name}, but the delimiter of the data source is commas.")


def test_the_columns_that_are_missing_and_those_there_are_named() -> None:
    assert refusal("a,b\n1,2\n").startswith("The header does not contain InvoiceNo, InvoiceDate, ")
    assert "It contains a, b. " in refusal("a,b\n1,2\n")


def test_however_many_columns_there_are_the_words_stay_readable() -> None:
    words = refusal(",".join(f"column {n}" for n in range(2_000)) + "\n1,2\n")
    assert "and 1,970 more." in words
    assert len(words) < 1_000
    assert len(refusal("x" * 100_000 + "\n1\n")) < 1_000
