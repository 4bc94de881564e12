"""Fits without boosted trees: seconds instead of minutes, for a first forecast of made-up sales."""

from tillstream.forecasting.models import ensemble, fitting
from tillstream.forecasting.models.ensemble import Fit
from tillstream.forecasting.models.fitting import Explained
from tillstream.forecasting.models.history import History, group


class QuickFits:
    """A fitter of the year-ago and the level member alone. Forecasts are less accurate; features have no importance."""

    def fit(self, history: History, horizon: int) -> Fit:
        """Forecast the steps after a history."""
        panel, grouping = group(history)
        return ensemble.combine(panel, horizon, None).of_series(grouping)

    def fit_and_explain(self, history: History, horizon: int, newest_cutoff: int) -> Explained:  # noqa: ARG002 - no trees
        """Forecast the steps after a history, with the parts of the forecasts."""
        panel, grouping = group(history)
        return Explained(*fitting.explained(panel, grouping, horizon, None), ())
