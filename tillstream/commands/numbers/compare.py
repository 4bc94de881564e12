"""The forecasts compared with a regression of MLlib."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tillstream.analytics.json_values import to_json
from tillstream.app import App
from tillstream.commands.result import FAILED, Progress, Result
from tillstream.forecasting import method_comparison
from tillstream.forecasting.compute import NotEnoughData
from tillstream.forecasting.feature_files import UNITS, daily_sales
from tillstream.forecasting.forecast_run import MAX_DAYS
from tillstream.forecasting.method_comparison import MethodComparison, compare_methods
from tillstream.forecasting.mlflow_tracking import Tracking
from tillstream.forecasting.stored_fits import StoredFits
from tillstream.model.errors import Rejected, TillstreamError


@dataclass(frozen=True, kw_only=True)
class Compare:
    """target: units or revenue. horizon: number of days. out: path of a folder for the files; empty: none. track:
    address of an MLflow server; empty: none. master: of a Spark cluster; empty: this machine."""

    target: str = UNITS
    horizon: int = MAX_DAYS
    out: str = ""
    track: str = ""
    master: str = ""


def compare_forecasts(app: App, progress: Progress, arguments: Compare) -> Result:
    """Compare, write the files, and log the comparison. Raises `Rejected` and `Unavailable`."""
    started = app.ports.clock.now()
    tracking = Tracking(arguments.track) if arguments.track else None
    sold, series = daily_sales(app.ports, arguments.target, arguments.horizon)
    from tillstream.forecasting.fitters import FittingProcess  # lazy: this command only
    from tillstream.spark import regression
    from tillstream.spark.process import SparkProcess

    with SparkProcess(arguments.master) as process, FittingProcess() as fitter:
        try:
            comparison = compare_methods(
                series,
                arguments.target,
                sold.reporting_currency,
                arguments.horizon,
                StoredFits(app.ports, fitter),
                lambda *history: process.call(regression.regress, *history),
            )
        except NotEnoughData as missing:
            raise Rejected(f"There are sales of {missing.weeks} weeks. A comparison needs {missing.needed}.") from None
    report = to_json(_report(arguments, comparison) | {"last_day": sold.last, "series": len(series.keys)})
    if arguments.out:
        method_comparison.write_comparison(arguments.out, report, series, comparison)
    return logged(report, tracking, started, app.ports.clock.now()) if tracking else Result(report)


def logged(report: dict[str, Any], tracking: Tracking, started: datetime, ended: datetime) -> Result:
    """Log a report, and add the address of its run, or else why there is none: a comparison may take hours."""
    try:
        return Result(report | {"run": tracking.log(report, started, ended)})
    except TillstreamError as error:
        return Result(report | {"run_error": str(error)}, FAILED)


def _report(arguments: Compare, comparison: MethodComparison) -> dict[str, Any]:
    regression = comparison.regression
    return {
        "target": arguments.target,
        "horizon": arguments.horizon,
        "settings": regression.settings,
        "tried": [asdict(each) for each in regression.tried],
        "training_rows": list(regression.rows),
        "windows": list(comparison.windows),
        "importance": [{"feature": name, "share": share} for name, share in regression.importance],
        "folder": arguments.out or None,
    }
