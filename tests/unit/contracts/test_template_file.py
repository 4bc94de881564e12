"""The example file of a contract is read by that contract, whatever its format."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.contracts.template_file import contract_template
from tillstream.model.contract import Contract
from tillstream.pipeline.staging.figures import read_figures

AT = datetime(2026, 3, 15, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("contract", shipped_contracts().values(), ids=shipped_contracts())
def test_the_example_row_is_accepted(contract: Contract) -> None:
    figures = read_figures(
        lambda: BytesIO(contract_template(contract, AT)), contract, AT.date(), file="template-2026-03-15.csv"
    )
    assert (figures.rows_read, figures.accepted) == (1, 1)


def test_numbers_and_dates_are_in_the_format_of_the_contract() -> None:
    text = contract_template(shipped_contracts()["DE"], AT).decode("cp1252")
    header, row = text.splitlines()
    assert header.startswith("Belegnummer;")
    assert ";15.03.2026;" in row
    assert "10,00" in row
