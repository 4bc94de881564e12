"""The dashboard area's question: what the address asks for, and addresses that ask a little differently."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from portal import metrics
from portal.context import ports
from portal.dashboard.presets import PRESETS, dates_of
from portal.urls import with_args
from tillstream.analytics.filters import NAMES, Filters

PERIODS = {"daily": "Days", "weekly": "Weeks", "monthly": "Months", "quarterly": "Quarters", "yearly": "Years"}
DATES = ("from", "to")


@dataclass(frozen=True)
class Asked:
    """`values` are the filters with a preset's days in the place of its name; `preset` is its name, `own` or empty."""

    values: dict[str, list[str]]
    filters: Filters
    preset: str
    period: str

    @property
    def has_period(self) -> bool:
        """Whether the days have a beginning and an end, so that they can be compared with those before."""
        return self.filters.start is not None and self.filters.end is not None


def read() -> Asked:
    """What this request asks. Raises `Rejected`, `UnknownValue`."""
    values, preset = resolved()
    period = request.args.get("period", "")
    filters = metrics.chosen(values)
    return Asked(values, filters, preset, period if period in PERIODS else _fitting(filters))


def _fitting(filters: Filters) -> str:
    """A few days read best day by day, many years by quarters."""
    if filters.start is None or filters.end is None:
        return "monthly"
    days = (filters.end - filters.start).days
    return "daily" if days < 93 else "monthly" if days < 6 * 366 else "quarterly"


def resolved() -> tuple[dict[str, list[str]], str]:
    """The filters of the address as texts, and the preset that gave the days."""
    values, preset = metrics.asked(), request.args.get("preset", "")
    if preset in PRESETS:
        start, end = dates_of(preset, ports().clock.now().date())
        return values | {"from": [start.isoformat()], "to": [end.isoformat()]}, preset
    return values, "own" if any(name in values for name in DATES) else ""


def here(anchor: str = "", /, **changes: Any) -> str:
    """The dashboard as it is asked for now, with changes; new days end a preset."""
    if "from" in changes or "to" in changes:
        changes.setdefault("preset", None)
    changes.setdefault("whole", None)
    query = with_args(request.args.to_dict(flat=False), **changes)
    return url_for("dashboard.show") + (f"?{query}" if query else "") + (f"#{anchor}" if anchor else "")


def tile_address(name: str) -> str:
    query = with_args(request.args.to_dict(flat=False), whole=None)
    return url_for("dashboard.tile", tile=name) + (f"?{query}" if query else "")


def why_link(figure: str) -> str:
    """The page that tells what a figure of this dashboard is made from."""
    return _elsewhere(url_for("metric_explanation.show", figure=figure))


def table_link(name: str) -> str:
    """All rows of a tile's ranking."""
    return _elsewhere(url_for("dashboard.table", ranking=name))


def file_link(query: str, **params: Any) -> str:
    """The rows behind a tile as a file for a spreadsheet."""
    return _elsewhere(url_for("exports.table", table=query), format="csv", **params)


def lines_link(**changes: Any) -> str:
    """The sale lines behind a figure of this dashboard; new days end a preset."""
    if "from" in changes or "to" in changes:
        changes.setdefault("preset", None)
    return _elsewhere(url_for("sale_lines.show"), **changes)


def _elsewhere(path: str, **changes: Any) -> str:
    """Another page with this one's filters."""
    kept = {name: values for name, values in request.args.lists() if name in {*NAMES, "preset"}}
    query = with_args(kept, **changes)
    return path + (f"?{query}" if query else "")
