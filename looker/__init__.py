"""The input of Looker Studio: a data source for each view, reports over them, and addresses that create the reports.

`sources/` is written by `make docs` from the views' own headers; `reports/` is written by people. See docs/looker.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import yaml

CREATE = "https://lookerstudio.google.com/reporting/create"
"""Of the Linking API: https://developers.google.com/looker-studio/integrate/linking-api."""


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    """As Looker Studio calls it: Text, Number, Date, Date & Time, Boolean, Country."""
    aggregation: str
    """none, sum or count distinct."""
    description: str


@dataclass(frozen=True)
class Source:
    """One view as a data source."""

    view: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Report:
    """A report to build: what it answers, from which views, with which filters, page by page."""

    name: str
    title: str
    question: str
    sources: tuple[str, ...]
    """The views it reads, by which its template calls its data sources too."""
    filters: Sequence[Mapping[str, Any]]
    calculated: Sequence[Mapping[str, Any]]
    pages: Sequence[Mapping[str, Any]]


@cache
def sources() -> dict[str, Source]:
    """view → its data source."""
    sources = (_read("sources", name) for name in _names("sources"))
    return {
        one["view"]: Source(one["view"], one["description"], tuple(Field(**field) for field in one["fields"]))
        for one in sources
    }


@cache
def reports() -> dict[str, Report]:
    """name → report, by name."""
    reports = {name: _read("reports", name) for name in _names("reports")}
    return {name: Report(name, **{**one, "sources": tuple(one["sources"])}) for name, one in reports.items()}


def address(report: Report, project: str, dataset: str, template: str = "") -> str:
    """Creates the report on somebody's own dataset of views.

    template: the id of a report of Looker Studio to copy, whose data sources have the aliases of `sources`. Without one
    it is an empty report on the first of them.
    """
    parameters = {"c.mode": "edit", "r.reportName": report.title}
    if template:
        parameters["c.reportId"] = template
    aliases = {view: view for view in report.sources} if template else {"ds0": report.sources[0]}
    for alias, view in aliases.items():
        settings = {
            "connector": "bigQuery",
            "datasourceName": f"Tillstream {view}",
            "type": "TABLE",
            "projectId": project,
            "datasetId": dataset,
            "tableId": view,
        }
        parameters |= {f"ds.{alias}.{name}": value for name, value in settings.items()}
    return f"{CREATE}?{urlencode(parameters)}"


def _names(folder: str) -> list[str]:
    files = resources.files(__name__).joinpath(folder).iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def _read(folder: str, name: str) -> Any:
    return yaml.safe_load(resources.files(__name__).joinpath(folder, f"{name}.yaml").read_text(encoding="utf-8"))
