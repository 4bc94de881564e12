"""Forecasts of a data set at earlier days, compared with what came and with other methods in the same windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.forecasting.data_sets import DataSet
from bench.forecasting.methods import SIMPLE, Method
from tillstream.forecasting import backtest
from tillstream.forecasting.backtest import BacktestWindow
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.panel import Floats


@dataclass(frozen=True)
class Relative:
    """Errors of a method ÷ those of the seasonal naive forecast, pooled over windows and rows."""

    mae: float
    rmse: float
    of_sums: float
    """Error of the sum of a row over a window."""
    windows: tuple[float, ...]
    """Relative MAE of each window."""
    windows_of_sums: tuple[float, ...]


@dataclass(frozen=True)
class Outcome:
    """The forecasts of a data set, and those of other methods by name."""

    name: str
    ours: Relative
    bias: float
    coverage: float
    pinball_ratio: float
    """Pinball loss ÷ that of the naive forecast with bands of the same method."""
    better: float
    """Share of the rows with a smaller error than naive."""
    others: Mapping[str, Relative]


def run(data: DataSet, methods: Mapping[str, Method] = SIMPLE) -> Outcome:
    """Make the forecasts of each window, and compare those of the windows that do not only calibrate bands."""
    windows = [
        BacktestWindow(each, ensemble.fit_history(data.history.until(each, data.horizon), data.horizon))
        for each in data.starts
    ]
    tests = windows[-data.tested :]
    actual = data.actual()
    model = _Errors.of(actual, [data.shown.rows(each.fit.means) for each in tests])
    naive = _Errors.of(actual, [data.shown.rows(each.fit.naive) for each in tests])
    forecasts = {name: method(data) for name, method in methods.items()}
    bands, naive_bands = (
        backtest.evaluate_level(data.history, windows, [getattr(each.fit, kind) for each in windows], data.shown.level)
        for kind in ("means", "naive")
    )
    pinball, naive_pinball = (
        sum(each.pinball for each in result.windows[-data.tested :]) for result in (bands, naive_bands)
    )
    return Outcome(
        data.name,
        ours=model.relative_to(naive),
        bias=float(model.of_sums.sum() / sum(np.nansum(each) for each in actual)),
        coverage=float(np.mean([each.coverage for each in bands.windows[-data.tested :]])),
        pinball_ratio=pinball / naive_pinball,
        better=float((model.absolute.sum(axis=0) < naive.absolute.sum(axis=0)).mean()),
        others={name: _Errors.of(actual, rows).relative_to(naive) for name, rows in forecasts.items() if rows},
    )


@dataclass(frozen=True)
class _Errors:
    """Sums of the errors of each window and row; shape (windows, rows)."""

    absolute: Floats
    square: Floats
    of_sums: Floats

    @classmethod
    def of(cls, actual: Sequence[Floats], forecasts: Sequence[Floats]) -> "_Errors":
        """Compare where something was observed."""
        errors = np.array([
            np.where(np.isfinite(came), forecast - came, 0.0)
            for came, forecast in zip(actual, forecasts, strict=True)
        ])  # fmt: skip
        return cls(np.abs(errors).sum(axis=2), (errors**2).sum(axis=2), errors.sum(axis=2))

    def relative_to(self, naive: "_Errors") -> Relative:
        """Divide by the errors of the naive forecast."""
        sums, naive_sums = np.abs(self.of_sums), np.abs(naive.of_sums)
        return Relative(
            mae=float(self.absolute.sum() / naive.absolute.sum()),
            rmse=float(np.sqrt(self.square.sum() / naive.square.sum())),
            of_sums=float(sums.sum() / naive_sums.sum()),
            windows=tuple((self.absolute.sum(axis=1) / naive.absolute.sum(axis=1)).tolist()),
            windows_of_sums=tuple((sums.sum(axis=1) / naive_sums.sum(axis=1)).tolist()),
        )
