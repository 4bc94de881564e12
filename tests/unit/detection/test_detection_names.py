"""The name of a proposed contract, from the name of its file."""

import io

import pytest

from tillstream.commands.detect import NAME
from tillstream.detection import propose
from tillstream.detection.words.headers import header_evidence


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("売上_20261122", "20261122"),
        ("_export", "export"),
        ("-_-", "proposed"),
        ("売上", "proposed"),
        ("Umsatz Köln", "Umsatz-K-ln"),
        ("a" * 59 + "ä", "a" * 59),
    ],
)
def test_the_name_is_valid_whatever_the_file_is_called(file: str, name: str) -> None:
    content = io.BytesIO(b"Order,Date,Product,Qty,Price\nA1,2026-02-11,Mug,1,2.50\n")
    proposed = propose(content, name=file).contract["name"]
    assert proposed == name
    assert NAME.fullmatch(proposed)


def test_the_evidence_of_a_name_does_not_repeat_the_name() -> None:
    assert header_evidence("Belegnr.", "belegnr") == "its name is known"
    assert header_evidence("Beleg", "sale id") == "its name means sale id"
