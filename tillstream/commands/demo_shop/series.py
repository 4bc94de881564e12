"""The outside series of the demo: visitors of each day, about four for each order."""

from datetime import timedelta

import numpy as np

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.forecasting import outside_series
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.model.people import UNRESTRICTED

NAME = "footfall"
VISITORS, SPREAD = 4, 0.1
"""Visitors for each order, and their standard deviation as a share."""


def add(app: App, by: str) -> None:
    """Save the visitors of all days with sales, unless the series is stored already."""
    if any(one.name == NAME for one in outside_series.stored_series(app.ports)):
        return
    sales = queries.run_query(
        app.ports.warehouse, "sales-over-time", UNRESTRICTED, Filters(), period="daily"
    ).to_pylist()
    if not sales:
        return
    spread = np.random.default_rng(1).normal(1, SPREAD, len(sales)).clip(0.5)
    days = (
        (row["period_start"], round(float(row["orders"] * VISITORS * each)))
        for row, each in zip(sales, spread, strict=True)
    )
    values = [OutsideValue(day, float(count), day + timedelta(days=1)) for day, count in days]
    outside_series.save_series(app.ports, NAME, values, by=by, file="demo")
