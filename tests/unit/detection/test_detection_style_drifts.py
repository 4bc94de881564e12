"""A new date or number format of a known source is added to those of its contract."""

import io
from typing import Any

import pytest

from tillstream.detection import Drift, drift
from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.matching.readability import can_parse_cells

COLUMNS = {"sale_id": "No", "date": "Day", "quantity": "Qty", "unit_price": "Price"}


def contract(**changes: Any) -> Contract:
    document = {"name": "till", "region": "R", "currency": "EUR", "columns": COLUMNS, "identity": {"store": "S"},
                "file": {"delimiter": ";"}, "dates": {"formats": ["%d/%m/%Y"]},
                "numbers": {"decimal": ",", "thousands": "."}}  # fmt: skip
    return parse_contract(document | changes)


def drifted(day: str, quantity: str, price: str, own: Contract, *, old_rows: int = 0) -> Drift:
    rows = [f"{number};{day.format(20 + number % 9)};{quantity};{price}" for number in range(1, 21)]
    rows += [f"{100 + number};{20 + number % 9}/03/2026;2;1.024,50" for number in range(old_rows)]
    content = "\n".join(["No;Day;Qty;Price", *rows, ""]).encode()
    result = drift(io.BytesIO(content), own, reader=can_parse_cells)
    assert result.questions == ()
    return result


def proposed(*cells: str, own: Contract | None = None, old_rows: int = 0) -> Contract:
    day, quantity, price = cells
    result = drifted(day, quantity, price, own or contract(), old_rows=old_rows).proposed
    assert result is not None
    return result


@pytest.mark.parametrize("old_rows", [0, 20])
def test_a_second_style_is_added_also_if_the_file_has_both(old_rows: int) -> None:
    result = proposed("03/{}/2026", "2", "1,024.50", old_rows=old_rows)
    assert result.dates.formats == ("%d/%m/%Y", "%m/%d/%Y")
    assert (result.numbers.decimal, result.numbers.thousands) == (",", ".")
    assert result.numbers.alternatives == ("1,234.50",)


def test_a_file_in_either_style_of_the_next_version_does_not_differ_from_it() -> None:
    both = proposed("03/{}/2026", "2", "1,024.50")
    for cells in (("03/{}/2026", "2", "1,024.50"), ("{}/03/2026", "2", "1.024,50")):
        assert not drifted(*cells, both).differences


def test_a_thousands_separator_that_the_contract_does_not_have_needs_no_alternative() -> None:
    own = contract(numbers={"decimal": ","})
    result = proposed("{}/03/2026", "2", "1.024,50", own=own)
    assert (result.numbers.thousands, result.numbers.alternatives) == (".", ())


def test_words_for_units_are_added() -> None:
    own = contract(numbers={"decimal": ",", "thousands": ".", "unit_words": ["Stk."]})
    assert proposed("{}/03/2026", "2 pcs", "1.024,50", own=own).numbers.unit_words == ("Stk.", "pcs")


@pytest.mark.parametrize(("day", "era"), [("{}/03/2569", "buddhist"), ("R8/03/{}", "japanese")])
def test_another_era_is_added(day: str, era: str) -> None:
    result = proposed(day, "2", "1.024,50")
    assert (result.dates.era, result.dates.formats[0]) == (era, "%d/%m/%Y")
    assert not drifted(day, "2", "1.024,50", result).differences
    assert not drifted("{}/03/2026", "2", "1.024,50", result).differences


def test_month_names_of_a_second_language_are_reported_without_a_proposal() -> None:
    own = contract(dates={"formats": ["%d %B %Y"], "language": "de"})
    result = drifted("{} juillet 2026", "2", "1.024,50", own)
    assert ([one.kind for one in result.differences], result.proposed) == (["date-style"], None)
    french = proposed("{} juillet 2026", "2", "1.024,50")
    assert (french.dates.language, french.dates.formats) == ("fr", ("%d/%m/%Y", "%d %b %Y"))
