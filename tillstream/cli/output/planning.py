"""Output of the commands `forecast …`, `series …`, `goals …` and `report …`."""

from typing import Any

from tillstream.commands.printing import print_line, show_rows

ACCURACY_COLUMNS = {
    "target": "target",
    "level": "level",
    "relative_mae": "error / naive",
    "relative_sum_error": "error of sums / naive",
    "coverage": "in the band",
    "bias": "bias",
    "points": "values",
}
COMPARISON_COLUMNS = {
    "level": "level",
    "method": "method",
    "mae": "MAE",
    "rmse": "RMSE",
    "relative_mae": "error / naive",
    "relative_sum_error": "error of sums / naive",
    "bias": "bias",
    "points": "values",
}
NAIVE_WORDS = {"day": "the same weekday a week before", "week": "the same week a year before"}
"""Step of the forecast → the sales that the naive forecast repeats."""
MAX_INPUTS = 6
"""Number of inputs that are named."""


def show_forecast_run(data: dict[str, Any]) -> None:
    """Print what a run forecast, or why it forecast nothing."""
    if data["reason"]:
        print_line(f"No forecast: {data['reason']}")
        return
    print_line(
        f"Forecast for {data['horizon']} {data['grain']}s after {data['cutoff_date']}: revenue and units, "
        f"{data['series']:,} products in stores. Tested with {data['windows']} earlier forecasts."
    )
    for region in data["left_out"]:
        print_line(f"{region} is left out: it has no sales of the last days.")
    for region in data["unconverted"]:
        print_line(f"{region} is in no revenue over all regions: it has no exchange rate.")


def show_accuracy(data: dict[str, Any]) -> None:
    """Print the accuracy by target and level, of all windows together."""
    if not data["windows"]:
        print_line("There is no forecast yet. Make one with: tillstream forecast run")
        return
    rows = [
        {title: _figure(name, window.get(name)) for name, title in ACCURACY_COLUMNS.items()}
        for window in data["windows"]
        if window["cutoff_date"] is None
    ]
    show_rows({"name": "forecast accuracy", "columns": list(ACCURACY_COLUMNS.values()), "rows": rows, "cut": False})
    print_line(
        f"error / naive: error of the forecast ÷ that of {NAIVE_WORDS[data['run']['grain']]}. Below 1 is better."
    )


def show_comparison(data: dict[str, Any]) -> None:
    """Print the errors of each method by level, of all windows together, and what the regression relies on."""
    rows = [
        {title: _figure(name, window.get(name)) for name, title in COMPARISON_COLUMNS.items()}
        for window in data["windows"]
        if window["cutoff_date"] is None
    ]
    show_rows({"name": "comparison", "columns": list(COMPARISON_COLUMNS.values()), "rows": rows, "cut": False})
    settings = ", ".join(f"{name} {value:g}" for name, value in data["settings"].items())
    print_line(f"Regression: {settings}, the best of {len(data['tried'])} settings.")
    parts = [f"{each['feature']} {each['share']:.0%}" for each in data["importance"][:MAX_INPUTS]]
    print_line(f"It relies on {', '.join(parts)}.")
    if data["folder"]:
        print_line(f"{data['folder']} has the numbers and the forecasts that they are computed from.")
    if data.get("run"):
        print_line(f"MLflow has it as {data['run']}.")
    if data.get("run_error"):
        print_line(f"It is not in MLflow: {data['run_error']}")


def show_features(data: dict[str, Any]) -> None:
    """Print where the features are, and how many."""
    print_line(
        f"{data['folder']} has {data['rows']:,} rows of {data['columns']} columns: {data['target']} of "
        f"{data['series']:,} series until {data['last_day']}, as known {data['days_ahead']} days before."
    )


def _figure(name: str, value: Any) -> Any:
    if value is None or name in {"target", "level", "method", "points"}:
        return value
    return f"{float(value):.0%}" if name in {"coverage", "bias"} else f"{float(value):.2f}"


MAX_SERIES_PROBLEMS = 20
SERIES_COLUMNS = ("name", "rows", "first", "last", "regions", "by", "at")


def show_series_import(data: dict[str, Any]) -> None:
    """Print what was imported, or why nothing was."""
    for one in data["problems"][:MAX_SERIES_PROBLEMS]:
        print_line(f"Line {one['line']}: {one['message']} {one['remedy']}")
    if data["problems"]:
        print_line(f"Nothing was imported: {len(data['problems']):,} rows have a problem.")
        return
    print_line(
        f"{data['name']}: {data['rows']:,} values from {data['first']} to {data['last']}. The next forecast uses them."
    )


def show_series_list(data: list[dict[str, Any]]) -> None:
    """Print the series."""
    rows = [{**one, "regions": ", ".join(one["regions"]) or "all"} for one in data]
    show_rows({"name": "series", "columns": list(SERIES_COLUMNS), "rows": rows, "cut": False})


def show_removed_series(data: dict[str, Any]) -> None:
    """Print what was removed."""
    print_line(f"The series {data['name']} is removed. The next forecast does not use it.")


def show_report(data: dict[str, Any]) -> None:
    """Print where the report is."""
    print_line(f"The report of {data['from']} to {data['to']} is in {data['file']}.")


def show_sent_reports(data: dict[str, Any]) -> None:
    """Print how many reports were made and messages sent."""
    print_line(f"{data['made']:,} reports and tables made, {data['sent']:,} messages sent.")
