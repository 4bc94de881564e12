"""IDs in the known spelling of their pattern."""

import pytest

from tillstream.model.contract import parse_contract
from tillstream.model.contract_patterns import common_id_patterns
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.source_columns import usual_spellings


@pytest.mark.parametrize(
    ("patterns", "text", "spelled"),
    [
        (["00000"], "73", "00073"),
        (["00000"], "0073", "00073"),
        (["00000"], "123456", "123456"),
        (["00000"], "# 73", "00073"),
        (["00000"], "73.0", "00073"),
        (["00000"], "73,00", "00073"),
        (["00000"], "1,000", "1,000"),
        (["TS-000000", "0"], "2.000", "2.000"),
        (["TS-000000", "0"], "TS-1.000", "TS-1.000"),
        (["00000"], "７３", "00073"),
        (["00000"], "0", "00000"),
        (["00000"], "C73", "C73"),
        (["00000"], "73.5", "73.5"),
        (["00000"], "7-3", "7-3"),
        (["00000"], "", ""),
        (["0"], "0073", "73"),
        (["00000", "INV-0"], "inv 73", "00073"),
        (["00000", "INV-0"], "Invoice 73", "Invoice 73"),
        (["TS-0000"], "ts73", "TS-0073"),
        (["TS-0000", "0"], "73", "TS-0073"),
        (["TS-0000"], "T.S. 73", "TS-0073"),
        (["R0/POS"], "73 pos", "73 pos"),
        (["R0/POS"], "r-73 pos", "R73/POS"),
    ],
)
def test_an_id_that_matches_a_pattern_is_written_as_the_first_one(patterns: list[str], text: str, spelled: str) -> None:
    assert usual_spellings([text], patterns) == [spelled]


@pytest.mark.parametrize(
    ("ids", "others", "patterns"),
    [
        (["00073", "01210"], ["73", "1210"], ("00000",)),
        (["73", "1210"], ["00073", "01210"], ("0",)),
        (["73", "1210"], ["73.0", "1210.0"], ("0",)),
        (["1", "2"], ["1.000", "2.000"], ()),
        (["TS-073"], ["ts073"], ("TS-000",)),
        (["073"], ["INV-073"], ("000", "INV-0")),
        (["TS-073"], ["73"], ("TS-000", "0")),
        (["A1", "B2"], ["a1", "b2"], ()),
        (["73"], ["2026-73"], ()),
        (["shop"], ["SHOP"], ()),
    ],
)
def test_patterns_of_two_spellings(ids: list[str], others: list[str], patterns: tuple[str, ...]) -> None:
    assert common_id_patterns(ids, others) == patterns


@pytest.mark.parametrize(
    ("spellings", "error"),
    [
        ({"sale_id": ["12"]}, "must contain zeros"),
        ({"sale_id": ["00-00"]}, "must contain zeros"),
        ({"sale_id": []}, "sale_id needs a pattern"),
        ({"country": ["0"]}, "country is not an ID column"),
    ],
)
def test_a_contract_names_what_is_wrong_with_its_spellings(spellings: dict[str, list[str]], error: str) -> None:
    data = {
        "name": "shop",
        "region": "North",
        "currency": "EUR",
        "columns": {"sale_id": "No", "date": "Day", "net_amount": "Amount"},
        "identity": {"store": "S1", "spellings": spellings},
    }
    with pytest.raises(Rejected, match=error):
        parse_contract(data)
