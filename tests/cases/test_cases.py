"""Every case gives its right answer, and every hard case that was promised has one. See README.md beside this file."""

import json
from pathlib import Path
from typing import Any

import pytest
from case import outcome

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent.name for path in HERE.glob("*/expected.json"))
NOTHING: dict[str, Any] = {
    "refused": [],
    "warnings": [],
    "blank": 0,
    "ignored": 0,
    "cut": "",
    "doubt": "",
    "error": "",
    "words": [],
}
NOT_COMPARED = {"style", "received"}

PROMISED = {
    "cells": (
        "quoted-newlines quoted-delimiters doubled-quotes single-quotes no-quoting whole-row-quoted ragged-rows "
        "unquoted-delimiter unclosed-quote nul-bytes empty-file header-only no-header repeated-header-names "
        "repeated-header-lines total-lines ghost-lines trailing-delimiters mixed-line-ends no-newline-at-end "
        "cut-in-mid-upload mojibake preamble footer bare-cr bom utf-16-le utf-16-be cp932 cp850"
    ),
    "numbers": (
        "number-thousands-comma number-decimal-comma number-spaces number-parentheses number-trailing-minus "
        "number-indian-groups number-currency-signs number-like-id full-width-digits scientific-ids float-ids "
        "percent missing-words cents cents-of-each-currency"
    ),
    "dates": (
        "shipped-date-styles month-names two-digit-years times-apart excel-serials odd-timestamp mixed-date-styles "
        "day-month-swap leap-day clock-changes half-converted-dates half-converted-dates-swapped-back "
        "half-converted-dates-kept date-cells-that-may-be-swapped order-of-days-and-months "
        "order-of-days-by-sale-number month-column-contradicts quarter-column-contradicts fiscal-quarters"
    ),
    "formats": (
        "xlsx-typed-cells xlsx-named-sheet xlsx-merged-title xls-typed-cells xlsb-typed-cells ods zip-one-file "
        "zip-two-files compressed-bomb json-lines parquet formula-as-text"
    ),
    "texts": ("leading-zeros literal-na-and-null formulas-as-text every-script emoji right-to-left"),
}
"""The hard cases of the reader by the names of their folders; more are welcome."""


@pytest.mark.parametrize("name", FOLDERS)
def test_case(name: str) -> None:
    folder = HERE / name
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    assert {"rows", "count", "error"} & set(expected), "a case states its result"
    assert "error" in expected or "header" in expected or (folder / "contract.yaml").exists(), "all columns are named"
    wanted = NOTHING | {key: value for key, value in expected.items() if key not in NOT_COMPARED}
    actual = outcome(folder, expected)
    assert actual.limited_to(wanted) == wanted, actual


@pytest.mark.parametrize("name", FOLDERS)
def test_each_case_has_an_explanation(name: str) -> None:
    assert len((HERE / name / "README.md").read_text("utf-8").split()) > 12


@pytest.mark.parametrize("name", " ".join(PROMISED.values()).split())
def test_promised_case_exists(name: str) -> None:
    assert name in FOLDERS
