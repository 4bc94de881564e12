"""Tables of forecasts, of their accuracy and of price effects. A run computes them from the marts."""

from tillstream.model.columns import ColumnKind, Field, required_field

_S, _D, _N, _I, _T = ColumnKind.STRING, ColumnKind.DATE, ColumnKind.NUMERIC, ColumnKind.INT64, ColumnKind.TIMESTAMP
_TARGET = required_field("target", _S, "What is forecast: revenue or units (returns left out)")
_LEVEL = required_field("level", _S, "total, region, store, category, store_category or product")
_CUTOFF_DATE = required_field("cutoff_date", _D, "Last day of the sales that the forecast is made from")

FORECAST_TABLES: dict[str, tuple[Field, ...]] = {
    "forecasts": (
        _TARGET,
        _LEVEL,
        Field("region", _S, "Region; NULL for levels over all regions"),
        Field("store_id", _S, "Store; NULL for levels over all stores, empty for sales without one"),
        Field("category", _S, "Category; NULL for levels over all categories, empty for sales without one"),
        Field("product", _S, "Product; empty for all other products of the category; NULL for other levels"),
        Field("currency", _S, "ISO 4217 code of revenue; NULL for units"),
        required_field("period", _S, "day, week, or sum: all days from the first forecast day"),
        required_field("first_day", _D, "First day of the period"),
        required_field("last_day", _D, "Last day of the period"),
        required_field("mean", _N, "Expected value. Means of a level add up to those of the levels above it"),
        Field("low", _N, "10% quantile"),
        Field("median", _N, "50% quantile"),
        Field("high", _N, "90% quantile"),
        Field("level_part", _N, "Part of the mean: the recent level"),
        Field("trend_part", _N, "Part of the mean: time of year and trend"),
        Field("weekday_part", _N, "Part of the mean: the weekday"),
        Field("holiday_part", _N, "Part of the mean: public holidays"),
        Field("plan_part", _N, "Part of the mean: promotions and other plans"),
        required_field("scale", _N, "Usual change from season to season, with which scaled errors are multiplied"),
        required_field(
            "method", _S, "model, seasonal naive where it is not better in the backtest, or another model's name"
        ),
        _CUTOFF_DATE,
        required_field("created_at", _T, "When the forecast was made, UTC"),
    ),
    "price_effects": (
        required_field("category", _S, "Category; empty for products without one"),
        required_field("elasticity", _N, "Change of units in percent if prices rise by 1%"),
        required_field("low", _N, "Low end of the 80% interval of elasticity"),
        required_field("high", _N, "High end of the 80% interval of elasticity"),
        required_field("is_clear", ColumnKind.BOOL, "TRUE if the 95% interval of elasticity is below 0"),
        required_field("products", _I, "Number of products whose price changed, each region counted apart"),
        required_field("lowest_change", _N, "Greatest fall of a price, as a fraction of the usual price"),
        required_field("highest_change", _N, "Greatest rise of a price, as a fraction of the usual price"),
        _CUTOFF_DATE,
    ),
    "forecast_accuracy": (
        _TARGET,
        _LEVEL,
        Field(
            "cutoff_date",
            _D,
            "Last day of the sales before the window; NULL: all windows of the backtest",
        ),
        required_field(
            "measure", _S, "mae, rmse, mase, relative_mae, …; importance; or an error of sums by probability"
        ),
        Field("detail", _S, "Of importance: what is permuted. Of errors of sums: the probability"),
        Field("steps", _I, "Of errors of sums: the number of days, or weeks of weekly sales"),
        Field("value", _N, "Value of the measure; NULL: nothing to compare"),
        Field("points", _I, "Number of values that were compared"),
        required_field("created_at", _T, "When the backtest was made, UTC"),
    ),
}
