"""Links to the company's reports in Looker Studio, for the views that the user can read."""

from collections.abc import Iterator
from typing import NamedTuple

from looker.definitions import Report
from looker.links import finished_address, links
from portal.context import scope, tillstream
from tillstream.model.people import Action

NEEDED = {
    "sales_with_people": Action.SEE_PERSONAL,
    "expected_sales": Action.SEE_FORECASTS,
    "upload_receipts": Action.SEE_UPLOADS,
}
"""View → the permission without which it has no rows for the user."""


class FinishedReport(NamedTuple):
    title: str
    question: str
    address: str
    copy_address: str
    """Creates a copy that the user owns."""


def finished_reports() -> Iterator[FinishedReport]:
    """The reports of the setting; none without a project."""
    settings, ids = tillstream().settings, tillstream().settings.looker_reports
    if settings.project:
        for one in links(settings.project, settings.views_dataset, ids):
            if one.is_copy and _is_readable(one.report):
                address = finished_address(ids[one.report.name])
                yield FinishedReport(one.report.title, one.report.question, address, one.address)


def _is_readable(report: Report) -> bool:
    return all(scope().may(NEEDED[view]) for view in report.sources if view in NEEDED)
