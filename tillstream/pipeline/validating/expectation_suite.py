"""Export of a contract's checks as a suite of Great Expectations 1.x, in JSON."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal, DecimalException
from typing import Any

from tillstream.domain.columns import BY_NAME, Kind
from tillstream.domain.contract.model import Contract
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.pipeline.validating.schema import Rule, SaleLineSchema

Json = dict[str, Any]
_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "warning"}
_PARAMETERS = {
    "today": "The last date that is not in the future, as a datetime",
    "oldest_date": "1 January of the year that is 30 years before today, as a datetime",
}
"""Values that are passed with each validation, so that a suite does not depend on the day of its export."""
_IS_RETURNED: Json = {"type": "comparison", "column": {"name": "status"}, "operator": "==", "parameter": "returned"}
_IS_NOT_RETURNED: Json = {
    "type": "and",
    "conditions": [
        {"type": "nullity", "column": {"name": "status"}, "is_null": False},
        _IS_RETURNED | {"operator": "!="},
    ],
}
_LINE_TOTALS = (
    "discount == discount and abs({column} - (quantity * unit_price - discount)) > {slack}",
    "discount != discount and abs({column} - quantity * unit_price) > {slack}",
)
"""Conditions of pandas for rows with and without a discount: a missing value differs from itself."""
_SLACK = "{tolerance} + 1e-9 + 1e-12 * abs({column})"
"""The tolerance, and the error of sums of floating-point numbers."""


def suite(contract: Contract) -> Json:
    """Return the rules of the contract's pandera schema as a suite for pandas frames.

    Numbers of the frame are `float64`, dates `datetime64`. `meta.left_out` lists what cannot be expressed.
    """
    rules = SaleLineSchema(contract, None).rules
    expectations = [(rule, expectation) for rule in rules for expectation in EXPECTATIONS[_name(rule)](rule)]
    return {
        "name": f"{contract.name}@{contract.version}",
        "expectations": [_described(rule, expectation) for rule, expectation in expectations],
        "meta": {
            "contract": contract.name,
            "version": contract.version,
            "parameters": _PARAMETERS,
            "left_out": [left_out for rule in rules for left_out in _left_out(rule)],
        },
    }


def to_json(contract: Contract) -> str:
    """Return the suite as the content of a file."""
    return json.dumps(suite(contract), ensure_ascii=False, indent=2) + "\n"


def _name(rule: Rule) -> str:
    return str(rule.check.name)


def _described(rule: Rule, expectation: Json) -> Json:
    problem = CATALOGUE[rule.code]
    return expectation | {
        "description": problem.title,
        "severity": _SEVERITIES[problem.severity],
        "meta": {"problem": rule.code, "column": rule.column},
    }


def _expect(what: str, column: str, **options: Any) -> Json:
    return {"type": f"expect_column_values_to_{what}", "kwargs": {"column": column} | options}


def _not_null(rule: Rule) -> Iterator[Json]:
    yield _expect("not_be_null", rule.column)


def _in_range(rule: Rule) -> Iterator[Json]:
    for option, statistic in (("min_value", "minimum"), ("max_value", "maximum")):
        if (limit := rule.check.statistics[statistic]) is not None:
            yield _expect("be_between", rule.column, **{option: float(limit)})


def _allowed_words(rule: Rule) -> Iterator[Json]:
    words = rule.check.statistics["words"]
    kind = BY_NAME[rule.column].kind
    if kind is Kind.NUMERIC:
        yield _expect("be_in_set", rule.column, value_set=[float(word) for word in words if _is_number(word)])
    elif kind is Kind.STRING:
        yield _expect("be_in_set", rule.column, value_set=words)


def _in_set(statistic: str) -> Callable[[Rule], Iterator[Json]]:
    def expectations(rule: Rule) -> Iterator[Json]:
        yield _expect("be_in_set", rule.column, value_set=rule.check.statistics[statistic])

    return expectations


def _not_future(rule: Rule) -> Iterator[Json]:
    yield _expect("be_between", rule.column, max_value={"$PARAMETER": "today"})


def _not_old(rule: Rule) -> Iterator[Json]:
    yield _expect("be_between", rule.column, min_value={"$PARAMETER": "oldest_date"})


def _not_zero(rule: Rule) -> Iterator[Json]:
    yield _expect("not_be_in_set", rule.column, value_set=[0])


def _not_negative(rule: Rule) -> Iterator[Json]:
    yield _expect("be_between", rule.column, min_value=0)


def _not_negative_quantity(rule: Rule) -> Iterator[Json]:
    yield _expect("be_between", rule.column, min_value=0, row_condition=_IS_NOT_RETURNED)


def _not_positive_return(rule: Rule) -> Iterator[Json]:
    yield _expect("be_between", rule.column, max_value=0, row_condition=_IS_RETURNED)


def _line_total(rule: Rule) -> Iterator[Json]:
    """No built-in expectation computes: the condition selects the rows that differ, none of which may have a value."""
    column, tolerance = rule.check.statistics["column"], rule.check.statistics["tolerance"]
    for condition in _LINE_TOTALS:
        text = condition.format(column=column, slack=_SLACK.format(column=column, tolerance=tolerance))
        yield _expect("be_null", column, row_condition={"type": "pass_through", "pass_through_filter": text})


EXPECTATIONS: dict[str, Callable[[Rule], Iterator[Json]]] = {
    "missing_required": _not_null,
    "missing_expected": _not_null,
    "out_of_range": _in_range,
    "word_not_allowed": _allowed_words,
    "unknown_store": _in_set("stores"),
    "unknown_product": _in_set("products"),
    "future_date": _not_future,
    "old_date": _not_old,
    "zero_price": _not_zero,
    "negative_price": _not_negative,
    "negative_quantity": _not_negative_quantity,
    "positive_return": _not_positive_return,
    "line_total_mismatch": _line_total,
}
"""Check → function that returns the expectations of a rule. A row fails the rule if it fails one of them."""


def _left_out(rule: Rule) -> Iterator[str]:
    """Yield sentences about what the expectations of a rule do not check."""
    if _name(rule) == "old_date" and rule.check.statistics["short_years"]:
        yield "old-date: recent dates of the Reiwa era that were read with two digits of the year"
    if _name(rule) == "word_not_allowed" and not [*_allowed_words(rule)]:
        yield f"word-not-allowed: the allowed values of {rule.column}, which is neither text nor a number"


def _is_number(word: str) -> bool:
    """Whether a number is displayed as this word, without trailing zeros."""
    try:
        number = Decimal(word)
    except DecimalException:
        return False
    return number.is_finite() and f"{number.normalize() or 0:f}" == word
