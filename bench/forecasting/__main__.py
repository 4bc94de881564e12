"""`python -m bench.forecasting DATA`: compare forecasts with what came; print the section for docs/benchmarks.md."""

import sys
import tempfile
from pathlib import Path

from bench.forecasting.trial import TRIALS, Outcome
from bench.report import table

HEADER = (
    "data",
    "relative MAE",
    "by window",
    "relative RMSE",
    "error of sums",
    "pinball",
    "in the range",
    "bias",
    "series better",
    "last year × level",
)


def section(outcomes: list[Outcome]) -> str:
    """Return the section of the report."""
    rows = [
        [
            each.name,
            f"{each.relative_mae:.2f}",
            f"{min(each.by_window):.2f} to {max(each.by_window):.2f}, "
            f"{sum(one < 1 for one in each.by_window)} of {len(each.by_window)} below 1",
            f"{each.relative_rmse:.2f}",
            f"{each.relative_sum_error:.2f}",
            f"{each.pinball_ratio:.2f}",
            f"{each.coverage:.0%}",
            f"{each.bias:+.1%}",
            f"{each.better:.0%}",
            f"{each.scaled_year:.2f}",
        ]
        for each in outcomes
    ]
    return (
        "## Forecasts of public sales\n\n"
        "Files ingested and read as by a forecast run; forecasts of earlier days, made from the sales before, compared "
        "with what came. Errors are divided by those of the seasonal naive forecast (last year's week, or last week's "
        "day): below 1 is better. 80 % of what comes should be in the range.\n\n" + table(HEADER, rows)
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tillstream-forecasts-") as folder:
        print(section([trial(Path(sys.argv[1]), Path(folder)) for trial in TRIALS]))
