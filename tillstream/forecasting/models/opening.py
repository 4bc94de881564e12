"""Days ahead on which a store is closed, from the days on which it was: weekdays, and holidays by their names."""

import numpy as np

from tillstream.forecasting.models.panel import Bools, Holidays, Panel

WEEKS = 8
"""A store that was closed on a weekday in all of these weeks is closed on it."""


def open_ahead(panel: Panel, horizon: int) -> Bools:
    """Return whether each store opens in the steps after the panel; shape (stores, horizon). Weeks are open."""
    stores = panel.is_open.shape[0]
    if panel.grain.days > 1 or panel.steps < 7 * WEEKS:
        return np.ones((stores, horizon), dtype=bool)
    recent = panel.is_open[:, -7 * WEEKS :].reshape(stores, WEEKS, 7)
    weekdays: Bools = np.any(recent, axis=1)
    weekdays[~weekdays.any(axis=1)] = True  # a store without any sale in these weeks
    ahead = weekdays[:, np.arange(horizon) % 7]
    country_of = np.zeros(stores, dtype=np.int64)
    country_of[panel.stores] = panel.countries
    for store in range(stores):
        ahead[store] &= ~_closed_on_holidays(panel, store, panel.holidays[country_of[store]], horizon)
    return ahead


def _closed_on_holidays(panel: Panel, store: int, holidays: Holidays, horizon: int) -> Bools:
    """Days of a holiday on whose last occurrence, on a weekday that is usually open, the store was closed."""
    closed = np.zeros(horizon, dtype=bool)
    steps = (holidays.days - panel.days[0]).astype(np.int64)
    is_past = (steps >= 0) & (steps < panel.steps)
    last_seen = dict(zip(holidays.names[is_past].tolist(), steps[is_past].tolist(), strict=True))
    is_ahead = (steps >= panel.steps) & (steps < panel.steps + horizon)
    for name, step in zip(holidays.names[is_ahead].tolist(), steps[is_ahead].tolist(), strict=True):
        if name in last_seen:
            seen = last_seen[name]
            usual = panel.is_open[store, max(seen - 7 * WEEKS, 0) : seen][::-1][6::7]  # the same weekday before
            closed[step - panel.steps] = not panel.is_open[store, seen] and bool(usual.any())
    return closed
