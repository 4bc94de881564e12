"""A file without quantities or without amounts says what it cannot tell."""

import io
from datetime import date

import pytest
from test_detection_totals import keys, proposal_for, why

from tillstream.model.contract import parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging.figures import read_figures

ORDERS = [(1000 + n, f"2026-03-{1 + n:02}", f"{10 + n}.50", n % 4 + 1, 70_000 + n) for n in range(20)]
UNITS = [(f"2026-03-{1 + n:02}", f"SKU{n % 3}", n % 4 + 1) for n in range(20)]
HEADER = "Receipt,Date,Total,Xq,Till"


def test_the_question_for_the_quantity_lists_the_columns_of_small_whole_numbers() -> None:
    proposal = proposal_for(HEADER, ORDERS)
    question = next(one for one in proposal.questions if one.key == "column.quantity")
    assert question.choices == ("Xq", "-")
    assert "Xq" in question.evidence
    answered = proposal_for(HEADER, ORDERS, **{"column.quantity": "Xq"})
    assert (keys(answered), answered.contract["columns"]["quantity"]) == ([], "Xq")


def test_codes_of_another_column_are_no_quantities() -> None:
    rows = [(*row[:3], row[3], f"Group {row[3]}") for row in ORDERS]
    assert keys(proposal_for("Receipt,Date,Total,Xq,Group", rows)) == []


def test_a_finding_states_that_units_are_not_counted() -> None:
    for rows, header in ((ORDERS, HEADER), ([row[:3] for row in ORDERS], "Receipt,Date,Total")):
        proposal = proposal_for(header, rows, **{"column.quantity": "-"})
        assert keys(proposal) == []
        assert why(proposal, "units").endswith("the units and the products of these sales are not known")
    assert keys(proposal_for("Receipt,Date,Total", [row[:3] for row in ORDERS])) == []


def test_a_file_of_orders_loads_and_its_figures_name_the_units_as_unknown() -> None:
    header, rows = "Receipt,Date,Total", [row[:3] for row in ORDERS]
    figures = _figures(header, rows, proposal_for(header, rows).contract)
    assert "20 orders; units are not known" in figures.sentences()


def test_a_file_of_units_is_possible_once_its_question_is_answered_with_none() -> None:
    first = proposal_for("Date,SKU,Units sold", UNITS, identity="Date,SKU")
    question = first.questions[0]
    assert (question.key, question.choices, question.default) == ("column.net_amount", ("-",), "-")
    proposal = proposal_for("Date,SKU,Units sold", UNITS, identity="Date,SKU", **{"column.net_amount": "-"})
    assert (keys(proposal), proposal.contract["amounts"]) == ([], {"units_only": True})
    assert "its revenue is not known" in why(proposal, "amounts")
    figures = _figures("Date,SKU,Units sold", UNITS, proposal.contract)
    assert (figures.units, figures.amounts[0].revenue) == (sum(row[2] for row in UNITS), 0)
    assert any(one.startswith("Revenue is not known") for one in figures.sentences())


def test_a_price_can_be_denied_where_other_columns_are_numbers() -> None:
    rows = [(*row, 0.25 + row[2]) for row in UNITS]
    denied = {"column.net_amount": "-", "column.unit_price": "-"}
    proposal = proposal_for("Date,SKU,Units sold,Weight", rows, identity="Date,SKU", **denied)
    assert (keys(proposal), proposal.contract["amounts"]) == ([], {"units_only": True})


@pytest.mark.parametrize("columns", [{}, {"quantity": "Q", "unit_price": "P"}, {"quantity": "Q", "net_amount": "N"}])
def test_a_contract_of_units_only_has_a_quantity_and_no_amounts(columns: dict[str, str]) -> None:
    contract = {
        "name": "units",
        "region": "North",
        "currency": "EUR",
        "amounts": {"units_only": True},
        "identity": {"by_content": True, "ids": "region-wide"},
        "columns": {"date": "D"} | columns,
    }
    with pytest.raises(Rejected, match=r"amounts\.units_only"):
        parse_contract(contract)


def _figures(header: str, rows: list[tuple[object, ...]], contract: object):  # type: ignore[no-untyped-def]
    data = "\n".join([header, *(",".join(map(str, row)) for row in rows), ""]).encode()
    return read_figures(lambda: io.BytesIO(data), parse_contract(contract), date(2026, 4, 1), file="sales.csv")
