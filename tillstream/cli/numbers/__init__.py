"""Commands for numbers: queries, measures, exports, forecasts, goals, reports and stock."""

from tillstream.cli.numbers.export import export
from tillstream.cli.numbers.forecast import forecast
from tillstream.cli.numbers.goals import goals
from tillstream.cli.numbers.marts import marts
from tillstream.cli.numbers.queries import measures, query
from tillstream.cli.numbers.report import report
from tillstream.cli.numbers.restock import restock
from tillstream.cli.numbers.series import series
from tillstream.cli.numbers.stock import stock
from tillstream.cli.numbers.subscriptions import subscriptions

NUMBERS = (export, forecast, goals, marts, measures, query, report, restock, series, stock, subscriptions)
