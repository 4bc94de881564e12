"""Registered pandera checks of a sale line, named after their problem codes.

`Check.missing_required()` reports `missing-required`. Statistics (pandera's word for the parameters of a check) are
texts or lists of texts, so that pandera can serialise them. NULL passes every check except the two for missing values.
"""

import inspect
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.normalising.numbers.arithmetic import line_total
from tillstream.pipeline.rows.issues import format_values
from tillstream.pipeline.rows.text_column import combined, to_bool_array

TERMS = ("quantity", "unit_price", "discount")
"""The columns from which a line's total is computed."""

Outcome = bool | pl.LazyFrame
CheckFunction = Callable[..., Outcome]


def code_of(check: pandera.Check) -> str:
    """Return the problem code that a check reports."""
    return str(check.name).replace("_", "-")


def registered(function: CheckFunction) -> CheckFunction:
    """Register a check under the function's name. Its keyword-only parameters are the check's statistics.

    Does what `pandera.extensions.register_check_method` does, which cannot be used because it imports pandas.
    """
    signature = inspect.signature(function)
    names = [name for name, parameter in signature.parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    title = CATALOGUE[function.__name__.replace("_", "-")].title

    def create(*values: Any, **options: Any) -> pandera.Check:
        if len(values) > len(names):
            raise TypeError(f"{function.__name__} has {len(names)} statistics, got {len(values)}")
        statistics = dict(zip(names, values, strict=False)) | {n: options.pop(n) for n in names if n in options}
        signature.bind(None, **statistics)
        check = pandera.Check(
            function, name=function.__name__, title=title, statistics=statistics, **options, **statistics
        )
        check.statistics_args = names
        return check

    pandera.Check.REGISTERED_CUSTOM_CHECKS[function.__name__] = create
    return function


@registered
def missing_required(data: pandera.PolarsData) -> Outcome:
    return _outcome(_series(data).is_not_null())


@registered
def missing_expected(data: pandera.PolarsData) -> Outcome:
    return _outcome(_series(data).is_not_null())


@registered
def out_of_range(data: pandera.PolarsData, *, minimum: str | None, maximum: str | None) -> Outcome:
    """Both bounds are inclusive."""
    values = _series(data).to_arrow()
    above = pa.scalar(value=True) if minimum is None else pc.greater_equal(values, Decimal(minimum))
    below = pa.scalar(value=True) if maximum is None else pc.less_equal(values, Decimal(maximum))
    return _outcome(pl.Series(pc.and_kleene(above, below)))


@registered
def word_not_allowed(data: pandera.PolarsData, *, words: Sequence[str]) -> Outcome:
    values = _series(data)
    is_text = values.dtype in (pl.Categorical, pl.String)
    texts = values if is_text else pl.Series(format_values(combined(values.to_arrow())), dtype=pl.String)
    return _outcome(texts.is_in(words))


@registered
def unknown_store(data: pandera.PolarsData, *, stores: Sequence[str]) -> Outcome:
    return _outcome(_series(data).is_in(stores))


@registered
def unknown_product(data: pandera.PolarsData, *, products: Sequence[str]) -> Outcome:
    return _outcome(_series(data).is_in(products))


@registered
def future_date(data: pandera.PolarsData, *, received_date: str | None) -> Outcome:
    """The date is not after the date of receipt; None: not after today's date in UTC."""
    latest = date.fromisoformat(received_date) if received_date else datetime.now(UTC).date()
    return _outcome(_series(data) <= latest)


@registered
def zero_price(data: pandera.PolarsData) -> Outcome:
    return _outcome(_series(data) != 0)


@registered
def negative_price(data: pandera.PolarsData) -> Outcome:
    return _outcome(_series(data) >= 0)


@registered
def negative_quantity(data: pandera.PolarsData) -> Outcome:
    """Only a returned line may have a negative quantity. Reads the columns quantity and status."""
    rows = _rows(data, "quantity", "status")
    return _outcome((rows["quantity"] >= 0) | (rows["status"] == "returned"))


@registered
def positive_return(data: pandera.PolarsData) -> Outcome:
    """A returned line may not have a positive quantity. Reads the columns quantity and status."""
    rows = _rows(data, "quantity", "status")
    return _outcome((rows["quantity"] <= 0) | (rows["status"] != "returned"))


@registered
def line_total_mismatch(data: pandera.PolarsData, *, column: str, tolerance: str) -> Outcome:
    """The column differs from quantity × unit price − discount by the tolerance at most."""
    amount, *terms = (combined(series.to_arrow()) for series in _rows(data, column, *TERMS))
    total, _ = line_total(*terms)
    agrees: npt.NDArray[np.bool_] = ~to_bool_array(pc.not_equal(amount, total))
    differing = np.flatnonzero(~agrees)
    if len(differing):
        # wide enough for the difference of two large amounts of opposite sign
        index, wide = pa.array(differing), pa.decimal256(40, 9)
        difference = pc.subtract(pc.cast(amount.take(index), wide), pc.cast(total.take(index), wide))
        limit = pa.scalar(Decimal(tolerance), pa.decimal256(50, 18))
        agrees[differing] = to_bool_array(pc.less_equal(pc.abs(difference), limit))
    return _outcome(pl.Series(agrees))


def _rows(data: pandera.PolarsData, *names: str) -> pl.DataFrame:
    rows: pl.DataFrame = data.lazyframe.select(names).collect()
    return rows


def _series(data: pandera.PolarsData) -> pl.Series:
    return _rows(data, data.key).to_series()


def _outcome(holds: pl.Series) -> Outcome:
    """Return True if every row passes, which spares pandera the work per row, else a boolean per row; NULL passes."""
    return True if holds.all() else holds.alias("holds").to_frame().lazy()
