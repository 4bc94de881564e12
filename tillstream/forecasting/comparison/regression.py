"""What a regression of all series returns."""

from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.forecasting.models.panel import Floats

FOLDS = 3
"""Number of spans of time of the cross-validation."""


@dataclass(frozen=True)
class Setting:
    """Values of the settings, and their mean error in the cross-validation: MAE ÷ level."""

    values: dict[str, float]
    error: float


@dataclass(frozen=True)
class Regression:
    """Forecasts of a regression, and how it was trained."""

    means: Mapping[int, Floats]
    """By cutoff; shape (series, horizon). NaN for series that sold nothing before."""
    settings: dict[str, float]
    tried: tuple[Setting, ...]
    importance: tuple[tuple[str, float], ...]
    """Share of each kind of input in what the model before the last cutoff relies on, the largest first."""
    rows: tuple[int, ...]
    """Number of training rows before each cutoff."""
