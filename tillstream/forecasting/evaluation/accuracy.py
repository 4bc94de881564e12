"""Measures of forecast errors. Each is of one window of a backtest and one level, over its nodes and steps.

MAE, RMSE and bias have the unit of the sales. MASE is scaled by the seasonal naive error in the history (Hyndman and
Koehler, 2006). Relative measures divide by those of the seasonal naive forecast of the same steps: below 1 is better.
"""

from dataclasses import asdict, dataclass

import numpy as np

from tillstream.forecasting.evaluation.bands import QUANTILES
from tillstream.forecasting.models.panel import Floats


@dataclass(frozen=True)
class Accuracy:
    """How good the forecasts of a level were in a window; NaN where nothing can be compared."""

    mae: float
    rmse: float
    mase: float
    relative_mae: float
    relative_rmse: float
    relative_sum_error: float
    """Absolute error of the sums over the window, ÷ that of the seasonal naive forecast."""
    pinball: float
    """Mean pinball loss of the quantiles ÷ scale (Koenker and Bassett, 1978)."""
    coverage: float
    """Share of the actual values inside of the band from the 10 to the 90% quantile."""
    bias: float
    """(Forecast − actual) ÷ actual, of the sums."""
    points: int
    """Number of values that were compared."""

    def measures(self) -> dict[str, float]:
        """Return the measures by name, without the number of points."""
        return {name: value for name, value in asdict(self).items() if name != "points"}


def measure(actual: Floats, means: Floats, naive: Floats, band: Floats, scales: Floats) -> Accuracy:
    """Compare forecasts of shape (nodes, horizon), and a band (quantiles, nodes, horizon), with what came.

    `scales` are NaN for nodes without sales before: scaled measures leave them out.
    """
    observed = np.isfinite(actual)
    error, naive_error = np.abs(actual - means)[observed], np.abs(actual - naive)[observed]
    scaled = np.abs(actual - means) / scales[:, None]

    def total(values: Floats) -> Floats:
        return np.asarray(np.where(observed, values, 0.0).sum(axis=1))

    sums, sum_error = total(actual), np.abs(total(actual) - total(means)).sum()
    low, _, high = band
    is_banded = observed & np.isfinite(low)
    inside = (actual >= low) & (actual <= high)
    losses = [_pinball(actual, each, share) / scales[:, None] for share, each in zip(QUANTILES, band, strict=True)]
    return Accuracy(
        mae=_mean(error),
        rmse=_mean(error**2) ** 0.5,
        mase=_mean(scaled[np.isfinite(scaled)]),
        relative_mae=_ratio(error.sum(), naive_error.sum()),
        relative_rmse=_ratio((error**2).sum(), (naive_error**2).sum()) ** 0.5,
        relative_sum_error=_ratio(sum_error, np.abs(sums - total(naive)).sum()),
        pinball=_mean(np.mean(losses, axis=0)[is_banded]),
        coverage=_mean(inside[is_banded]),
        bias=_ratio(total(means).sum() - sums.sum(), sums.sum()),
        points=int(observed.sum()),
    )


def _pinball(actual: Floats, quantile: Floats, share: float) -> Floats:
    difference = actual - quantile
    return np.maximum(share * difference, (share - 1) * difference)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _ratio(value: float, base: float) -> float:
    return float(value / base) if base else float("nan")
