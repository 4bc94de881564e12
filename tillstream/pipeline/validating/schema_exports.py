"""Exports of a contract's checks: as a Python file, in pandera's YAML format, or as a suite of Great Expectations."""

import json
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, DecimalException
from typing import Any

import pandera.polars as pandera

from tillstream.model.columns import BY_NAME, ColumnKind
from tillstream.model.contract import Contract
from tillstream.model.problems import CATALOGUE, Severity
from tillstream.pipeline.validating.validate import CheckRule, SaleLineSchema

_SCRIPT = '''\
"""Checks of the contract {name}, version {version}, as a pandera schema for {frames} frames of sale lines.

Tillstream must be installed: it registers the checks. A date is in the future if it is after today's date in UTC.
"""

{imports}
import tillstream.pipeline.validating.checks  # registers the checks

schema = pandera.DataFrameSchema(
    name={schema_name},
    coerce=True,
    columns={{
{columns}
    }},
    checks=[{checks}],
)
'''


_POLARS = """\
import pandera.polars as pandera
import polars as pl
from pandera.polars import Check
"""
_PANDAS = """\
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.pandas import Check
"""
_ARROW_TYPES = {
    ColumnKind.STRING: "pa.string()",
    ColumnKind.JSON: "pa.string()",
    ColumnKind.DATE: "pa.date32()",
    ColumnKind.TIMESTAMP: 'pa.timestamp("us", "UTC")',
    ColumnKind.NUMERIC: "pa.decimal128(38, 9)",
    ColumnKind.INT64: "pa.int64()",
}
"""The types of pandas columns: pandas itself has no type for decimals and dates."""

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


def to_polars_script(contract: Contract) -> str:
    """Return the contract's schema for polars frames as a Python file that defines `schema`."""
    return _script(contract, "polars", _POLARS, lambda _, column: f"pl.{column.dtype.type!r}")


def to_pandas_script(contract: Contract) -> str:
    """Return the contract's schema for pandas frames as a Python file that defines `schema`."""
    return _script(contract, "pandas", _PANDAS, lambda name, _: f"pd.ArrowDtype({_ARROW_TYPES[BY_NAME[name].kind]})")


def to_schema_yaml(contract: Contract) -> str:
    """Return the contract's schema for polars frames in pandera's YAML format."""
    schema = SaleLineSchema(contract, None).pandera
    schema.coerce = True
    return str(schema.to_yaml())


SCHEMA_FORMATS: dict[str, dict[str, Callable[[Contract], str]]] = {
    "polars": {".py": to_polars_script, ".yaml": to_schema_yaml},
    # YAML contains a type by its name, from which pandas cannot create the type of decimals
    "pandas": {".py": to_pandas_script},
}
"""Library of the frames → file name extension → function that returns the content of the file."""


def _script(contract: Contract, frames: str, imports: str, dtype: Callable[[str, pandera.Column], str]) -> str:
    """dtype: function of a column's name and its polars schema that returns the expression of its type."""
    # pandera's own scripts need pandas, and omit registered checks of a frame.
    schema = SaleLineSchema(contract, None).pandera
    columns = (
        f"        {name!r}: pandera.Column(\n"
        f"            {dtype(name, column)}, nullable=True, description={column.description!r},\n"
        f"            checks=[{_check_calls(column.checks)}],\n"
        "        ),"
        for name, column in schema.columns.items()
    )
    return _SCRIPT.format(
        frames=frames,
        imports=imports,
        name=contract.name,
        version=contract.version,
        schema_name=repr(schema.name),
        columns="\n".join(columns),
        checks=_check_calls(schema.checks),
    )


def _check_calls(checks: Iterable[pandera.Check]) -> str:
    """Return the expressions that create the checks."""
    return ", ".join(
        f"Check.{check.name}({', '.join(f'{name}={value!r}' for name, value in check.statistics.items())})"
        for check in checks
    )


def expectation_suite(contract: Contract) -> Json:
    """Return the rules of the contract's pandera schema as a suite for pandas frames.

    Numbers of the frame are `float64`, dates `datetime64`. `meta.left_out` lists what cannot be expressed.
    """
    rules = SaleLineSchema(contract, None).rules
    expectations = [
        (rule, expectation) for rule in rules for expectation in EXPECTATIONS[_expectation_name(rule)](rule)
    ]
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


def to_expectation_json(contract: Contract) -> str:
    """Return the suite as the content of a file."""
    return json.dumps(expectation_suite(contract), ensure_ascii=False, indent=2) + "\n"


def _expectation_name(rule: CheckRule) -> str:
    return str(rule.check.name)


def _described(rule: CheckRule, expectation: Json) -> Json:
    problem = CATALOGUE[rule.code]
    return expectation | {
        "description": problem.title,
        "severity": _SEVERITIES[problem.severity],
        "meta": {"problem": rule.code, "column": rule.column},
    }


def _expectation(what: str, column: str, **options: Any) -> Json:
    return {"type": f"expect_column_values_to_{what}", "kwargs": {"column": column} | options}


def _not_null(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("not_be_null", rule.column)


def _in_range(rule: CheckRule) -> Iterator[Json]:
    for option, statistic in (("min_value", "minimum"), ("max_value", "maximum")):
        if (limit := rule.check.statistics[statistic]) is not None:
            yield _expectation("be_between", rule.column, **{option: float(limit)})


def _allowed_words(rule: CheckRule) -> Iterator[Json]:
    words = rule.check.statistics["words"]
    kind = BY_NAME[rule.column].kind
    if kind is ColumnKind.NUMERIC:
        yield _expectation("be_in_set", rule.column, value_set=[float(word) for word in words if _is_number(word)])
    elif kind is ColumnKind.STRING:
        yield _expectation("be_in_set", rule.column, value_set=words)


def _in_set(statistic: str) -> Callable[[CheckRule], Iterator[Json]]:
    def expectations(rule: CheckRule) -> Iterator[Json]:
        yield _expectation("be_in_set", rule.column, value_set=rule.check.statistics[statistic])

    return expectations


def _not_future(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("be_between", rule.column, max_value={"$PARAMETER": "today"})


def _not_old(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("be_between", rule.column, min_value={"$PARAMETER": "oldest_date"})


def _not_zero(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("not_be_in_set", rule.column, value_set=[0])


def _not_negative(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("be_between", rule.column, min_value=0)


def _not_negative_quantity(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("be_between", rule.column, min_value=0, row_condition=_IS_NOT_RETURNED)


def _not_positive_return(rule: CheckRule) -> Iterator[Json]:
    yield _expectation("be_between", rule.column, max_value=0, row_condition=_IS_RETURNED)


def _line_total(rule: CheckRule) -> Iterator[Json]:
    """No built-in expectation computes: the condition selects the rows that differ, none of which may have a value."""
    column, tolerance = rule.check.statistics["column"], rule.check.statistics["tolerance"]
    for condition in _LINE_TOTALS:
        text = condition.format(column=column, slack=_SLACK.format(column=column, tolerance=tolerance))
        yield _expectation("be_null", column, row_condition={"type": "pass_through", "pass_through_filter": text})


EXPECTATIONS: dict[str, Callable[[CheckRule], Iterator[Json]]] = {
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


def _left_out(rule: CheckRule) -> Iterator[str]:
    """Yield sentences about what the expectations of a rule do not check."""
    if _expectation_name(rule) == "old_date" and rule.check.statistics["short_years"]:
        yield "old-date: recent dates of the Reiwa era that were read with two digits of the year"
    if _expectation_name(rule) == "word_not_allowed" and not [*_allowed_words(rule)]:
        yield f"word-not-allowed: the allowed values of {rule.column}, which is neither text nor a number"


def _is_number(word: str) -> bool:
    """Whether a number is displayed as this word, without trailing zeros."""
    try:
        number = Decimal(word)
    except DecimalException:
        return False
    return number.is_finite() and f"{number.normalize() or 0:f}" == word
