"""Sales of two stores and two outside series with their forecast, for pages of forecasts."""

from datetime import timedelta

import shop_of_two_stores
from visitor import Visitor, Work

from portal.context import EXTENSION
from tillstream.forecasting import outside_series
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.outside_series import OutsideValue


def sell(admin: Visitor, work: Work) -> None:
    """Upload the sales and make their forecast, with one series that is long enough for it and one that is not."""
    admin.upload(shop_of_two_stores.content(), "UK.csv", "UK")
    work()
    ports = admin.client.application.extensions[EXTENSION].ports
    days = [shop_of_two_stores.FIRST + timedelta(days=number) for number in range(170)]
    visitors = [OutsideValue(day, 900.0 + 30 * day.weekday(), day + timedelta(days=1)) for day in days]
    outside_series.save_series(ports, "visitors", visitors, by="boss", file="visitors.csv")
    outside_series.save_series(ports, "opening_day", visitors[-3:], by="boss", file="opening.csv")
    run_forecast(ports, shop_of_two_stores.Here)
