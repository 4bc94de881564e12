"""Texts of the forecast page."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from portal.reader_locale import day_text, decimal, percent
from tillstream.forecasting.outside_series import OutsideSeries

TARGETS = {"revenue": "Revenue", "units": "Units"}
STEPS = {"day": "By day", "week": "By week"}
LEVELS = {
    "total": "All sales",
    "region": "Regions",
    "store": "Stores",
    "category": "Categories",
    "store_category": "Categories in stores",
    "product": "Products in stores",
}
WITHOUT = {"region": "no region", "store": "no store", "category": "no category", "product": "other products"}
REQUESTED = "A new forecast is made within a few minutes, or after a load of sales that is under way."
NEXT_WEEKS, METHOD = "Next 4 weeks", "Method"
NAIVE = {"day": "the sales of the last week", "week": "the sales of the last year"}
"""Step of a forecast → the sales that a seasonal naive forecast repeats."""
METHODS = {
    "day": {"model": "Model", "seasonal naive": "Last week again"},
    "week": {"model": "Model", "seasonal naive": "Last year again"},
}
"""Step of a forecast → the methods of our own runs; others are named as in the table."""
ACTUAL, FORECAST, BAND = "Sold", "Forecast", "80% of values are expected in this range"
PARTS = {
    "level_part": ("Recent level", "Mean of the last 28 open days"),
    "trend_part": ("Trend and time of year", "What the weeks ahead differ from the recent level"),
    "weekday_part": ("Weekday", "What the weekday differs from the mean of its week"),
    "holiday_part": ("Public holidays", "What the model expects of holidays on this day or near it"),
    "plan_part": ("Prices and promotions", "What the model expects of the prices and promotions in the catalogue"),
}
MARGIN = "Gross margin"
PRICE_EFFECT = (
    "At prices 10% lower, {more:.0%} more units were sold (80% range: {low:.0%} to {high:.0%}). This is what the "
    "{products} products of the category show whose list price or promotion changed, each compared with the others of "
    "the category in the same store and week."
)
NO_CLEAR_EFFECT = (
    "The list prices or promotions of {products} products changed, without a clear effect on units. Nothing can be "
    "computed from that."
)
TOO_FEW_PRICES = (
    "Too few prices have changed in this category. It needs {fewest} products whose list price in the catalogue, or "
    "promotion, differed by 5% for three weeks."
)
NO_PERCENT = "“{entered}” is not a number. Write a change in percent, such as -10."
OUTSIDE_OF_PRICES = (
    "Enter a change from {low:+}% to {high:+}%, other than 0. Prices further from the usual one have not been tried."
)
MEASURES = {
    "relative_mae": ("Error ÷ naive", "Absolute error, ÷ that of the sales of the last week or year as a forecast"),
    "relative_sum_error": ("Error of sums ÷ naive", "The same for the sums of whole windows"),
    "mase": ("MASE", "Absolute error ÷ usual change from week to week, or year to year"),
    "pinball": ("Pinball loss", "Error of the quantiles ÷ the same change"),
    "coverage": ("In the band", "Share of values inside the range from low to high; 80% is right"),
    "bias": ("Bias", "Forecast above (+) or below (−) what came"),
}

ALL_REGIONS, VALUE = "All regions", "Value"
NEXT_FORECAST = "Used from the next forecast on"
UNTRAINED = "Not used yet: there are too few sales for the model that uses series"
TOO_SHORT = "Not used: it has values of too few days"
NO_HELP = "Used, but the forecast is not better with it"
REMOVED = "The series {name} is removed. The next forecast does not use it."
SERIES_RESTORED = "The series {name} is restored. The next forecast uses it."
SERIES_COLUMNS = {
    "date": "The day of the value, such as 2026-11-25.",
    "value": "A number, such as 1240 or 98.5.",
    "published_on": "The day from which the value was known. Without it, the day after. A day before “date” is a plan.",
    "region": "The region that the value is of. Without it, the value is of all regions.",
}


def node_label(level: str, names: Mapping[str, str]) -> str:
    """What a forecast is of, such as “Toys in Leeds”."""
    match level:
        case "total":
            return LEVELS["total"]
        case "region" | "store" | "category":
            return names[level]
        case "store_category":
            return f"{names['category']} in {names['store']}"
        case _:
            return f"{names['product']} in {names['store']}"


def method_text(row: Mapping[str, Any], relative_error: float | None, grain: str) -> str:
    """How the forecast was made, and how good its method was. grain: the step that it was made by."""
    naive = NAIVE[grain]
    if row["method"] not in METHODS[grain]:
        return f"Made by {row['method']}, which our backtest does not include."
    if row["method"] != "model":
        return (
            f"This is {naive} again (a seasonal naive forecast): the model was not better in the backtest for these "
            "sales."
        )
    if relative_error is None:
        return "Made by the model."
    if relative_error >= 1:
        return f"Made by the model, which at this level was not better in the backtest than {naive}."
    better = f"{1 - relative_error:.0%}"
    return f"Made by the model. In the backtest its error was {better} smaller than that of {naive}."


def largest_part(row: Mapping[str, Any]) -> str:
    """Why a day differs from the recent level, in words."""
    named = [(abs(row[name]), name) for name in list(PARTS)[1:] if row[name]]
    if not row["level_part"] or not named:
        return "as usual"
    size, name = max(named)
    share = size / row["level_part"]
    if share < 0.02:
        return "as usual"
    direction = "above" if row[name] > 0 else "below"
    return f"{PARTS[name][0].lower()}: {share:.0%} {direction} the recent level"


def use_text(name: str, growth: Mapping[str, float]) -> str:
    """How much the model relies on a series. growth: how much its error grows without a kind of input, as a share."""
    feature = f"outside {name.replace('_', ' ')}"
    shares = [growth[each] for each in (feature, f"{feature} ahead") if each in growth]
    if not shares:
        return TOO_SHORT if growth else UNTRAINED
    largest = max(shares)
    return f"Used: without it, the error is {percent(largest)} larger" if largest >= 0.0005 else NO_HELP


def imported_text(series: OutsideSeries, ignored: Sequence[str]) -> str:
    """What was imported. ignored: headers of columns that were not read."""
    first, last = (day_text(date.fromisoformat(day)) for day in (series.first, series.last))
    values = f"{decimal(series.rows)} {'value' if series.rows == 1 else 'values'}"
    others = f" These columns were not read: {', '.join(ignored)}." if ignored else ""
    return f"{series.name} is imported: {values} from {first} to {last}. The next forecast uses it.{others}"
