"""Data sources and reports, read from `sources/` and `reports/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML was built without its C library
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    """As Looker Studio calls it: Text, Number, Date, Date & Time, Boolean, Country."""
    aggregation: str
    """none, sum or count distinct."""
    description: str
    is_cost: bool = False
    """Whether it is NULL for users who may not see costs."""


@dataclass(frozen=True)
class Source:
    """One view as a data source."""

    view: str
    description: str
    fields: tuple[Field, ...]
    is_personal: bool = False
    """Whether it has no rows for users who may not see personal data."""

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True)
class Measure:
    """A measure over one view, for Looker and dbt."""

    name: str
    label: str
    description: str
    format: str
    """money, count, quantity, share, or day."""
    function: str
    """SUM, MIN, MAX, COUNT DISTINCT, or empty for arithmetic of other measures."""
    expression: str
    """GoogleSQL over columns of the view; for arithmetic, over measures as ${name}."""
    sql: str
    """The aggregate."""
    is_cost: bool = False


Measures = Mapping[str, Sequence[Measure]]
"""View → its measures."""


@dataclass(frozen=True)
class Control:
    """A filter control of a report. default: of a date range, such as `last 28 days`."""

    control: str
    """date range, list or search."""
    field: str
    source: str
    default: str = ""


@dataclass(frozen=True)
class Calculated:
    """A calculated field of a data source. formula: an aggregate in Looker Studio's language."""

    name: str
    source: str
    formula: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart of a page."""

    type: str
    title: str
    source: str
    dimensions: Sequence[str] = ()
    metrics: Sequence[str]
    sort: str = ""
    """A metric or dimension, followed by `ascending` or not; empty: the first metric, or the date of a time series."""
    compare: str = ""
    """Earlier period to compare with: `previous period` or `previous year`."""
    drill_down: Sequence[str] = ()
    granularity: str = "day"
    """Length of the periods of a date in the first dimension: day, week or month."""
    date_range: str = ""
    """Of this chart only; empty: that of the control."""
    where: Mapping[str, str | bool]
    """Filter of the chart: field → value."""


@dataclass(frozen=True)
class Page:
    title: str
    charts: Sequence[Chart]
    note: str = ""
    """A text on the page."""


@dataclass(frozen=True)
class Report:
    """A report to build: what it answers, from which views, with which filters, page by page."""

    name: str
    title: str
    question: str
    sources: tuple[str, ...]
    """The views it reads, by which its template calls its data sources too."""
    filters: Sequence[Control]
    calculated: Sequence[Calculated]
    pages: Sequence[Page]

    @property
    def charts(self) -> list[Chart]:
        return [chart for page in self.pages for chart in page.charts]

    def formula(self, source: str, name: str) -> str:
        """The formula of a calculated field; empty if the data source has none of that name."""
        return next((one.formula for one in self.calculated if (one.source, one.name) == (source, name)), "")

    def dates(self, source: str) -> Control | None:
        """The date control of the charts of a data source."""
        return next((one for one in self.filters if one.control == "date range" and one.source == source), None)


@cache
def sources() -> dict[str, Source]:
    """view → its data source."""
    sources = (_read("sources", name) for name in _names("sources"))
    return {
        one["view"]: Source(**{**one, "fields": tuple(Field(**field) for field in one["fields"])}) for one in sources
    }


@cache
def reports() -> dict[str, Report]:
    """name → report, by name."""
    return {name: _report(name, _read("reports", name)) for name in _names("reports")}


def _report(name: str, content: Mapping[str, Any]) -> Report:
    return Report(
        name,
        content["title"],
        content["question"],
        tuple(content["sources"]),
        [Control(**one) for one in content["filters"]],
        [Calculated(**one) for one in content.get("calculated", ())],
        [
            Page(page["title"], [Chart(**{"where": {}, **chart}) for chart in page["charts"]], page.get("note", ""))
            for page in content["pages"]
        ],
    )


def _names(folder: str) -> list[str]:
    files = resources.files(__package__).joinpath(folder).iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def _read(folder: str, name: str) -> Any:
    text = resources.files(__package__).joinpath(folder, f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=Loader)
