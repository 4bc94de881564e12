"""Outside series in the portal: what forecasts use of them, their values, import, removal and restoring."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import table_imports
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.forecast import numbers
from portal.formats import many
from portal.reader_locale import day_text, percent
from portal.table_imports import SHOWN
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.forecasting import outside_series, published_forecasts, run_records
from tillstream.forecasting.outside_series import SERIES_COLUMNS, OutsideSeries, OutsideValue, ReadSeries, read_series
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.permissions import Action
from tillstream.ports import Ports

NEXT_FORECAST = N_("Used from the next forecast on")
COLUMN_HINTS = N_(
    {
        "date": "The day of the value, such as 2026-11-25.",
        "value": "A number, such as 1240 or 98.5.",
        "published_on": "The day from which the value was known. Without it, the day after. "
        "A day before “date” is a plan.",
        "region": "The region that the value is of. Without it, the value is of all regions.",
    }
)

LATEST = 7
"""Values in the table below a chart."""


@allow(Action.SEE_FORECASTS)
def show_series() -> ResponseReturnValue:
    """All series, and the form of an import."""
    return _page()


@allow(Action.ADMINISTER)
def import_series() -> ResponseReturnValue:
    """Import a file, all rows or none; it replaces a series of the same name."""
    name = request.form.get("name", "").strip()
    file, content = table_imports.uploaded_file()
    if not file:
        return _page(name, error=_(table_imports.NO_FILE)), 422
    name = name or _name_of(file)
    try:
        table = read_series(content, tillstream().contracts.regions())
        if table.problems:
            return _page(name, table, file), 422
        saved = outside_series.save_series(ports(), name, table.values, by=me().login, file=file)
    except (Conflict, Rejected) as error:
        return _page(name, error=str(error)), 422
    return go_to("forecast.one_series", imported_text(saved, table.ignored_headers), name=name)


@allow(Action.SEE_FORECASTS)
def show_one_series(name: str) -> ResponseReturnValue:
    """One series: its chart, its latest values, and what can be done with it."""
    stored = outside_series.get_series(ports(), name)
    series = stored.in_use()
    values = _visible(series)
    return render_template(
        "forecast/one_series.html",
        series=series,
        earlier=stored.earlier,
        use=_uses([series])[name],
        regions=_regions(series),
        figure=numbers.outside_chart(values) if values else None,
        lines=numbers.MAX_LINES,
        latest=values[: -LATEST - 1 : -1],
        admin=scope().may(Action.ADMINISTER),
        kept=outside_series.REMOVED_RETENTION.days,
    )


@allow(Action.SEE_FORECASTS)
def export_values(name: str) -> ResponseReturnValue:
    """The values of a series that the user may see, as a file that can be imported again."""
    series = outside_series.get_series(ports(), name).in_use()
    rows = (
        [one.day.isoformat(), f"{one.value:.15g}", one.published_on.isoformat(), one.region] for one in _visible(series)
    )
    return table_imports.table_file(SERIES_COLUMNS, rows, name)


@allow(Action.SEE_FORECASTS)
def series_template() -> ResponseReturnValue:
    """A file to fill in: the columns, and values of a few days."""
    today = ports().clock.now().date()
    days = [today - timedelta(days=back) for back in range(5, 0, -1)]
    rows = (
        [day.isoformat(), str(1_000 + 40 * at), (day + timedelta(days=1)).isoformat(), ""]
        for at, day in enumerate(days)
    )
    return table_imports.table_file(SERIES_COLUMNS, rows, "series-template")


def remove_series(ports: Ports, name: str, by: str) -> str:
    """Remove a series; it is listed as removed, and can be restored."""
    outside_series.remove_series(ports, name, by=by)
    return _("The series {name} is removed. The next forecast does not use it.", name=name)


def restore_series(ports: Ports, name: str, by: str) -> str:
    """Take back the last import or removal of a series."""
    outside_series.restore_series(ports, name, by=by)
    return _("The series {name} is restored. The next forecast uses it.", name=name)


def _page(name: str = "", table: ReadSeries | None = None, file: str = "", error: str = "") -> str:
    everything = outside_series.stored_series(ports())
    current = [one.current for one in everything if one.current]
    return render_template(
        "forecast/series.html",
        series=[(one, _regions(one)) for one in current],
        removed=[one for one in everything if one.current is None],
        uses=_uses(current),
        name=name,
        file=file,
        problems=table.problems[:SHOWN] if table else [],
        count=len(table.problems) if table else 0,
        error=error,
        columns=COLUMN_HINTS,
        admin=scope().may(Action.ADMINISTER),
        kept=outside_series.REMOVED_RETENTION.days,
    )


def _visible(series: OutsideSeries) -> list[OutsideValue]:
    """The values of all regions together, and of the regions that the user may see."""
    values = outside_series.values_of_series(ports(), series)
    return [one for one in values if not one.region or scope().covers_region(one.region)]


def _regions(series: OutsideSeries) -> list[str]:
    return [one for one in series.regions if scope().covers_region(one)]


def _uses(series: list[OutsideSeries]) -> dict[str, str]:
    """What the last forecast made of each series, by name."""
    last = run_records.FORECAST.last_run(ports())
    if not series or last is None or last.reason:
        return {one.name: NEXT_FORECAST for one in series}
    rows = published_forecasts.accuracy_report(ports())["importance"]
    growth = {row["feature"]: float(row["growth"]) for row in rows if row["target"] == "revenue"}
    started = datetime.fromisoformat(last.started_at)
    return {
        one.name: NEXT_FORECAST if datetime.fromisoformat(one.at) > started else use_text(one.name, growth)
        for one in series
    }


def _name_of(file_name: str) -> str:
    """A name of a series for a file, such as store_visits for “Store visits.csv”."""
    words = re.findall(r"[a-z0-9]+", PurePath(file_name).stem.lower())
    return "_".join(words)[:40]


def use_text(name: str, growth: Mapping[str, float]) -> str:
    """How much the model relies on a series. growth: how much its error grows without a kind of input, as a share."""
    feature = " ".join(("outside", *name.split("_")))
    shares = [growth[each] for each in (feature, feature + " ahead") if each in growth]
    if not growth:
        return _("Not used yet: there are too few sales for the model that uses series")
    if not shares:
        return _("Not used: it has values of too few days")
    if max(shares) < 0.0005:
        return _("Used, but the forecast is not better with it")
    return _("Used: without it, the error is {percent} larger", percent=percent(max(shares)))


def imported_text(series: OutsideSeries, ignored: Sequence[str]) -> str:
    """What was imported. ignored: headers of columns that were not read."""
    first, last = (day_text(date.fromisoformat(day)) for day in (series.first, series.last))
    text = _("{name} is imported: {values} from {first} to {last}. The next forecast uses it.")
    text = text.format(name=series.name, values=many(series.rows, "value"), first=first, last=last)
    return text + _(" These columns were not read: {ignored}.", ignored=", ".join(ignored)) if ignored else text
