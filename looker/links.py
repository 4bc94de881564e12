"""Addresses of the Linking API, which create reports: https://developers.google.com/looker-studio/integrate/linking-api."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from looker.definitions import Report, reports

REPORTING = "https://lookerstudio.google.com/reporting"
CREATE = f"{REPORTING}/create"


@dataclass(frozen=True)
class Link:
    """An address that creates a report. is_copy: it copies a finished report, instead of creating an empty one."""

    report: Report
    address: str
    is_copy: bool


def links(project: str, dataset: str, ids: Mapping[str, str]) -> Iterator[Link]:
    """Yield a link for each report. ids: report → ID of the report of Looker Studio to copy."""
    for name, report in reports().items():
        yield Link(report, address(report, project, dataset, ids.get(name, "")), bool(ids.get(name)))


def finished_address(report_id: str) -> str:
    """Opens a finished report."""
    return f"{REPORTING}/{report_id}"


def address(report: Report, project: str, dataset: str, template: str = "") -> str:
    """Creates the report on somebody's own dataset of views.

    template: the ID of a report of Looker Studio to copy, whose data sources have the aliases of `sources`. Without one
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
