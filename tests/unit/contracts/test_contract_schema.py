"""The JSON schema for editors and the example file of a contract: what Tillstream accepts and reads."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from docs.generate.contracts import EXAMPLE
from tillstream.contracts.contract_files import contract_schema, parse_contract_yaml, shipped_contracts
from tillstream.contracts.template_file import contract_template
from tillstream.model.contract import MAPPABLE_COLUMNS, NUMERIC_COLUMNS, Contract
from tillstream.pipeline.staging.figures import read_figures

CHECK = Draft202012Validator(json.loads(contract_schema()))
SHIPPED = [file for file in (files("tillstream.contracts") / "shipped").iterdir() if file.name.endswith(".yaml")]


def complaints(data: Any) -> list[str]:
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in CHECK.iter_errors(data)]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(CHECK.schema)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.name))
def test_every_shipped_contract_fits_it(file: Any) -> None:
    assert complaints(yaml.safe_load(file.read_text(encoding="utf-8"))) == []


def test_every_contract_as_it_is_kept_fits_it() -> None:
    for contract in shipped_contracts().values():
        assert complaints(contract.model_dump(mode="json")) == []


def test_the_example_of_the_docs_fits_it_and_plain_words_that_yaml_takes_for_numbers_do_too() -> None:
    assert complaints(yaml.safe_load(EXAMPLE)) == []
    text = EXAMPLE + "products: [22423, 0.10, yes]\n"
    assert complaints(yaml.safe_load(text)) == []
    assert parse_contract_yaml(text, "AT.yaml").products == ("22423", "0.10", "yes")


@pytest.mark.parametrize(
    "change",
    [
        {"curency": "EUR"},
        {"columns": {"colour": "Farbe"}},
        {"file": {"delimiter": ":"}},
        {"file": {"delimitr": ";"}},
        {"version": 0},
        {"refused_threshold": 2},
        {"status": {"words": {"bezahlt": "paid"}}},
        {"stores": "S1"},
        {"expected": ["colour"]},
        {"ranges": {"category": {"minimum": 0}}},
        {"dates": {"cutoff": "4 o'clock"}},
        {"currency": "euro"},
    ],
)
def test_it_underlines_what_tillstream_refuses(change: dict[str, Any]) -> None:
    assert complaints(yaml.safe_load(EXAMPLE) | change)


def test_every_field_and_column_is_offered_with_its_meaning() -> None:
    offered = CHECK.schema["properties"]
    assert set(offered) == set(Contract.model_fields)
    assert all(field.get("description") for field in offered.values())
    assert set(offered["columns"]["propertyNames"]["enum"]) == MAPPABLE_COLUMNS
    assert set(offered["ranges"]["propertyNames"]["enum"]) == NUMERIC_COLUMNS


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
