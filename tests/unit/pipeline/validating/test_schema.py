"""The pandera schema of a contract: what pandera lists, reports and serialises, and what raises."""

import json
from datetime import date
from typing import Any

import pandera.errors
import pandera.polars as pandera
import polars as pl
import pytest
import yaml
from source_tables import contract, issue_keys, issues_of, source_table

from tillstream.model.contract import Contract
from tillstream.model.problems import CATALOGUE
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.rows.row_batch import Issues
from tillstream.pipeline.validating.checks import check_code
from tillstream.pipeline.validating.validate import SaleLineSchema, sale_line_schema, to_frame, validate

RECEIVED = date(2026, 6, 1)


def full_contract() -> Contract:
    return contract(
        {"net_amount": "Net", "store_id": "Store", "product_id": "Sku", "channel": "Way"},
        ranges={"unit_price": {"minimum": "0.5", "maximum": 5}},
        expected=["channel"],
        allowed={"channel": ["store"]},
        stores=["A"],
        products=["x"],
    )


def checks_of(schema: pandera.DataFrameSchema) -> dict[str | None, list[str]]:
    columns = {name: [check.name for check in column.checks] for name, column in schema.columns.items()}
    return {name: names for name, names in columns.items() if names} | {None: [check.name for check in schema.checks]}


def test_each_column_lists_its_checks() -> None:
    schema = sale_line_schema(full_contract(), RECEIVED).pandera
    assert schema.name == "T@1"
    assert checks_of(schema) == {
        "region": ["missing_required"],
        "sale_id": ["missing_required"],
        "store_id": ["unknown_store"],
        "product_id": ["unknown_product"],
        "channel": ["missing_expected", "word_not_allowed"],
        "status": ["missing_required"],
        "sale_date": ["missing_required", "future_date", "old_date"],
        "unit_price": ["out_of_range", "zero_price", "negative_price"],
        "net_amount": ["missing_required"],
        "currency": ["missing_required"],
        None: ["line_total_mismatch", "negative_quantity", "positive_return"],
    }
    (bounds, *_) = schema.columns["unit_price"].checks
    assert bounds.statistics == {"minimum": "0.5", "maximum": "5"}


def test_each_rule_reports_a_problem_of_the_catalogue_and_has_its_title() -> None:
    for rule in sale_line_schema(full_contract(), RECEIVED).rules:
        assert rule.code == check_code(rule.check)
        assert rule.check.title == CATALOGUE[rule.code].title


def test_the_report_of_pandera_names_columns_and_checks() -> None:
    table, _ = normalise(source_table(Price=["0", "1"], Date=["", "2026-07-01"]), contract())
    schema = SaleLineSchema(contract(), RECEIVED)
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        schema.pandera.validate(to_frame(table.select(schema.names)), lazy=True)
    cases = raised.value.failure_cases.select("column", "check", "index").rows()
    assert set(cases) == {
        ("sale_date", "missing_required", 0),
        ("sale_date", "future_date", 1),
        ("unit_price", "zero_price", 0),
    }
    assert {entry["check"] for entry in json.loads(str(raised.value))["DATA"]["DATAFRAME_CHECK"]} == {
        "missing_required",
        "future_date",
        "zero_price",
    }


def test_the_schema_is_written_as_yaml_with_all_its_checks() -> None:
    schema = sale_line_schema(full_contract(), RECEIVED).pandera
    written = yaml.safe_load(schema.to_yaml())
    assert set(written["columns"]) == set(schema.columns)
    names = {check["options"]["check_name"] for check in written["checks"]}
    assert names == {"line_total_mismatch", "negative_quantity", "positive_return"}


def test_a_schema_is_built_once_for_a_contract_and_a_date() -> None:
    rules = contract()
    schema = sale_line_schema(rules, RECEIVED)
    assert sale_line_schema(rules, RECEIVED) is schema
    assert sale_line_schema(rules, date(2026, 6, 2)) is not schema
    # an equal contract is another one: contracts are compared by identity
    assert sale_line_schema(contract(), RECEIVED) is not schema


def test_a_check_takes_its_statistics_by_place_or_by_name_and_no_others() -> None:
    by_place, by_name = pandera.Check.unknown_store(["A"]), pandera.Check.unknown_store(stores=["A"])
    assert by_place.statistics == by_name.statistics == {"stores": ["A"]}
    for wrong in ({}, {"shops": ["A"]}):
        with pytest.raises(TypeError):
            pandera.Check.unknown_store(**wrong)
    with pytest.raises(TypeError):
        pandera.Check.zero_price("1")


def test_a_date_is_in_the_future_after_today_where_no_date_of_receipt_is_set() -> None:
    frame = pl.DataFrame({"day": [date(2020, 1, 1), date(9999, 1, 1), None]})
    schema = pandera.DataFrameSchema({"day": pandera.Column(checks=pandera.Check.future_date(None), nullable=True)})
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        schema.validate(frame, lazy=True)
    assert raised.value.failure_cases["index"].to_list() == [1]


def test_a_check_that_crashes_is_our_fault_and_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tillstream.pipeline.validating.checks.line_total", crash)
    rules = contract({"net_amount": "Net"})
    table, issues = normalise(source_table(Net=["1"]), rules)
    with pytest.raises(ZeroDivisionError):
        validate(table, rules, issues, received_date=RECEIVED)


def test_pandera_validates_only_where_a_row_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    validated = []
    real = pandera.DataFrameSchema.validate

    def validate_and_count(self: pandera.DataFrameSchema, *arguments: Any, **options: Any) -> Any:
        validated.append(self.name)
        return real(self, *arguments, **options)

    monkeypatch.setattr(pandera.DataFrameSchema, "validate", validate_and_count)
    rules, cells = full_contract(), {"Net": ["10"], "Store": ["A"], "Sku": ["x"], "Way": ["store"]}
    assert (issue_keys(issues_of(source_table(**cells), rules)), validated) == ([], [])
    failing = issues_of(source_table(**(cells | {"Store": ["B"]})), rules)
    assert (issue_keys(failing), validated) == ([(0, "unknown-store", "store_id")], ["T@1"])


def test_a_block_without_rows_has_no_issues() -> None:
    rules, issues = contract(stores=["A"]), Issues()
    table, _ = normalise(source_table(No=["1"]), rules)
    validate(table.slice(0, 0), rules, issues, received_date=RECEIVED)
    assert len(issues) == 0
