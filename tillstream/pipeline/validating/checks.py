"""Registered pandera checks of a sale line, named after their problem codes.

`Check.missing_required()` reports `missing-required`. Statistics (pandera's word for the parameters of a check) are
texts or lists of texts, so that pandera can serialise them. NULL passes every check except the two for missing values.
A check takes what pandera passes to it for a polars or a pandas frame, and is computed by polars and Arrow for both.
"""

import functools
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

from tillstream.model.problems import CATALOGUE
from tillstream.pipeline.normalising.amount_arithmetic import line_total
from tillstream.pipeline.rows.row_batch import format_values
from tillstream.pipeline.rows.text_columns import combine_chunks, to_bool_array

USUAL_YEARS = 30
"""Sales of earlier years are unusual; a typing error, or years of another era with two digits, seem so."""
REIWA_YEARS, RECENT_YEARS = 18, 2
"""Years by which a date is too early whose Reiwa year is read as 20xx, as 08 for 2026; and years of recent sales."""
TOTAL_TERMS = ("quantity", "unit_price", "discount")
"""The columns from which a line's total is computed."""

CheckedData = Any
"""What a check reads: pandera's `PolarsData`, or a Series (check of a column) or DataFrame of polars or pandas."""
CheckFunction = Callable[..., pl.Series]
_FUNCTIONS: dict[str, CheckFunction] = {}


def check_code(check: pandera.Check) -> str:
    """Return the problem code that a check reports."""
    return str(check.name).replace("_", "-")


def all_pass(check: pandera.Check, data: pl.Series | pl.DataFrame) -> bool:
    """Return whether no row fails the check. data: the column of a check of one column, else the frame."""
    return bool(_FUNCTIONS[str(check.name)](data, **check.statistics).all())


def register_check(function: CheckFunction) -> CheckFunction:
    """Register a check under the function's name. Its keyword-only parameters are the check's statistics.

    The function returns a boolean or NULL per row. Does what `pandera.extensions.register_check_method`
    does, which cannot be used because it imports pandas.
    """
    signature = inspect.signature(function)
    names = [name for name, parameter in signature.parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    title = CATALOGUE[function.__name__.replace("_", "-")].title

    @functools.wraps(function)
    def check_function(data: CheckedData, **statistics: Any) -> Any:
        return _outcome(function(data, **statistics), data)

    def create(*values: Any, **options: Any) -> pandera.Check:
        if len(values) > len(names):
            raise TypeError(f"{function.__name__} has {len(names)} statistics, got {len(values)}")
        statistics = dict(zip(names, values, strict=False)) | {n: options.pop(n) for n in names if n in options}
        signature.bind(None, **statistics)
        # pandera would remove NULL from pandas columns, and with it the rows of the checks for missing values
        options.setdefault("ignore_na", False)
        check = pandera.Check(
            check_function, name=function.__name__, title=title, statistics=statistics, **options, **statistics
        )
        check.statistics_args = names
        return check

    pandera.Check.REGISTERED_CUSTOM_CHECKS[function.__name__] = create
    _FUNCTIONS[function.__name__] = function
    return function


@register_check
def missing_required(data: CheckedData) -> pl.Series:
    return _series(data).is_not_null()


@register_check
def missing_expected(data: CheckedData) -> pl.Series:
    return _series(data).is_not_null()


@register_check
def out_of_range(data: CheckedData, *, minimum: str | None, maximum: str | None) -> pl.Series:
    """Both bounds are inclusive."""
    values = _series(data).to_arrow()
    above = pa.scalar(value=True) if minimum is None else pc.greater_equal(values, Decimal(minimum))
    below = pa.scalar(value=True) if maximum is None else pc.less_equal(values, Decimal(maximum))
    return pl.Series(pc.and_kleene(above, below))


@register_check
def word_not_allowed(data: CheckedData, *, words: Sequence[str]) -> pl.Series:
    values = _series(data)
    is_text = values.dtype in (pl.Categorical, pl.String)
    texts = values if is_text else pl.Series(format_values(combine_chunks(values.to_arrow())), dtype=pl.String)
    return texts.is_in(words)


@register_check
def unknown_store(data: CheckedData, *, stores: Sequence[str]) -> pl.Series:
    return _series(data).is_in(stores)


@register_check
def unknown_product(data: CheckedData, *, products: Sequence[str]) -> pl.Series:
    return _series(data).is_in(products)


@register_check
def future_date(data: CheckedData, *, received_date: str | None) -> pl.Series:
    """The date is not after the date of receipt; None: not after today's date in UTC."""
    latest = date.fromisoformat(received_date) if received_date else datetime.now(UTC).date()
    return _series(data) <= latest


@register_check
def old_date(data: CheckedData, *, received_date: str | None, short_years: bool) -> pl.Series:
    """The date is at most `USUAL_YEARS` years before the date of receipt; None: before today's date in UTC.

    short_years: whether years have two digits. Then it is not a recent date either whose year is one of the Reiwa era.
    """
    received = date.fromisoformat(received_date) if received_date else datetime.now(UTC).date()
    days = _series(data)
    usual = days >= date(received.year - USUAL_YEARS, 1, 1)
    if not short_years:
        return usual
    latest = received.replace(year=received.year - REIWA_YEARS, day=min(received.day, 28))
    return usual & ~days.is_between(latest.replace(year=latest.year - RECENT_YEARS), latest)


@register_check
def zero_price(data: CheckedData) -> pl.Series:
    return _series(data) != 0


@register_check
def negative_price(data: CheckedData) -> pl.Series:
    return _series(data) >= 0


@register_check
def negative_quantity(data: CheckedData) -> pl.Series:
    """Only a returned line may have a negative quantity. Reads the columns quantity and status."""
    rows = _rows(data, "quantity", "status")
    return (rows["quantity"] >= 0) | (rows["status"] == "returned")


@register_check
def positive_return(data: CheckedData) -> pl.Series:
    """A returned line may not have a positive quantity. Reads the columns quantity and status."""
    rows = _rows(data, "quantity", "status")
    return (rows["quantity"] <= 0) | (rows["status"] != "returned")


@register_check
def line_total_mismatch(data: CheckedData, *, column: str, tolerance: str) -> pl.Series:
    """The column differs from quantity × unit price − discount by the tolerance at most."""
    amount, *terms = (combine_chunks(series.to_arrow()) for series in _rows(data, column, *TOTAL_TERMS))
    total, _ = line_total(*terms)
    agrees: npt.NDArray[np.bool_] = ~to_bool_array(pc.not_equal(amount, total))
    differing = np.flatnonzero(~agrees)
    if len(differing):
        # wide enough for the difference of two large amounts of opposite sign
        index, wide = pa.array(differing), pa.decimal256(40, 9)
        difference = pc.subtract(pc.cast(amount.take(index), wide), pc.cast(total.take(index), wide))
        limit = pa.scalar(Decimal(tolerance), pa.decimal256(50, 18))
        agrees[differing] = to_bool_array(pc.less_equal(pc.abs(difference), limit))
    return pl.Series(agrees)


def _rows(data: CheckedData, *names: str) -> pl.DataFrame:
    if isinstance(data, pl.DataFrame):
        return data.select(names)
    rows = data.lazyframe.select(names).collect() if _is_polars(data) else pl.from_pandas(data[list(names)])
    assert isinstance(rows, pl.DataFrame)  # noqa: S101 - from_pandas returns a Series only for a Series
    return rows


def _series(data: CheckedData) -> pl.Series:
    if isinstance(data, pl.Series):
        return data
    return _rows(data, data.key).to_series() if _is_polars(data) else pl.Series(data)


def _outcome(holds: pl.Series, data: CheckedData) -> Any:
    """Return True if every row passes, which spares pandera the work per row, else a boolean per row; NULL passes.

    The booleans are a polars LazyFrame, or for pandas a Series with the index of the data.
    """
    if holds.all():
        return True
    passes = holds.fill_null(value=True).alias("holds")
    return passes.to_frame().lazy() if _is_polars(data) else passes.to_pandas().set_axis(data.index)


def _is_polars(data: CheckedData) -> bool:
    return isinstance(data, pandera.PolarsData)
