"""The section of docs/benchmarks.md about forecasts."""

from collections.abc import Iterator, Sequence

from bench import report
from bench.forecasting.trial import Outcome, Relative
from bench.report import table

ACCURACY = (
    "data",
    "relative MAE",
    "by window",
    "relative RMSE",
    "error of sums",
    "pinball",
    "in the range",
    "bias",
    "series better",
)
METHODS = ("data", "method", "relative MAE", "relative RMSE", "error of sums", "windows better", "sums better")


def section(outcomes: Sequence[Outcome]) -> str:
    """Return the text of the section."""
    version = report.versions(report.FORECAST_PEERS)["statsforecast"]
    return (
        "## Forecasts of public sales\n\n"
        "Written by `make bench-forecasts`. Files ingested and read as by a forecast run; forecasts of earlier days, "
        "made from the sales before, compared with what came. Errors are divided by those of the seasonal naive "
        "forecast (last year's week, or last week's day): below 1 is better. Sums are those of a row over a window. "
        "80 % of what comes should be in the range.\n\n"
        + table(ACCURACY, [_accuracy(each) for each in outcomes])
        + "\nOther methods in the same windows, for the same days and rows. Last year: the same week, or the mean of "
        "the same weekday in three weeks, × the recent level ÷ that of a year ago, which the online retailer lacks. "
        f"AutoETS: statsforecast {version}, a model of each row, in an environment of its own. The last columns count "
        "the windows in which the error of Tillstream is smaller.\n\n"
        + table(METHODS, [row for each in outcomes for row in _methods(each)])
    )


def _accuracy(outcome: Outcome) -> list[str]:
    ours = outcome.ours
    return [
        outcome.name,
        f"{ours.mae:.2f}",
        f"{min(ours.windows):.2f} to {max(ours.windows):.2f}, "
        f"{sum(each < 1 for each in ours.windows)} of {len(ours.windows)} below 1",
        f"{ours.rmse:.2f}",
        f"{ours.of_sums:.2f}",
        f"{outcome.pinball_ratio:.2f}",
        f"{outcome.coverage:.0%}",
        f"{outcome.bias:+.1%}",
        f"{outcome.better:.0%}",
    ]


def _methods(outcome: Outcome) -> Iterator[list[str]]:
    yield [outcome.name, "Tillstream", *_figures(outcome.ours), "", ""]
    for method, other in outcome.others.items():
        better = (
            _better(outcome.ours.windows, other.windows),
            _better(outcome.ours.windows_of_sums, other.windows_of_sums),
        )
        yield [outcome.name, method, *_figures(other), *better]


def _figures(errors: Relative) -> tuple[str, str, str]:
    return f"{errors.mae:.2f}", f"{errors.rmse:.2f}", f"{errors.of_sums:.2f}"


def _better(ours: Sequence[float], others: Sequence[float]) -> str:
    """In how many windows our error is smaller."""
    return f"{sum(our < other for our, other in zip(ours, others, strict=True))} of {len(ours)}"
