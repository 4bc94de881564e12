"""Alerts on schedules: calls that fail, and calls that do not happen."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.function import DAY, Scheduled
from infra.functions import FUNCTIONS
from infra.goals import OF_FUNCTIONS
from infra.monitoring.policy import SUM, Policy, above, absent, of_log, policy

MISSED_RUNS, LEAST_ABSENCE = 3, 10
"""An absence lasts for so many intervals of the schedule, and at least so many minutes."""
NIGHTLY_ABSENCE = DAY + 60
"""Minutes: the runs of two nights do not take equally long. The longest that Cloud Monitoring looks back."""

_SLOWER = "Figures are right, but queries are slower until a run succeeds."


@dataclass(frozen=True)
class Watch:
    """The alert on the schedule of a function."""

    function: str
    title: str
    consequence: str
    failures: int
    """Tolerated within `minutes`."""
    minutes: int

    @property
    def schedule(self) -> Scheduled:
        (spec,) = (spec for spec in FUNCTIONS if spec.name == self.function)
        (trigger,) = (trigger for trigger in spec.triggers if isinstance(trigger, Scheduled))
        return trigger

    @property
    def absence(self) -> int:
        """Minutes without a run."""
        if self.schedule.minutes == DAY:
            return NIGHTLY_ABSENCE
        return max(LEAST_ABSENCE, MISSED_RUNS * self.schedule.minutes)


WATCHES = (
    Watch("receive", "till sales are not received", "Sales of tills and forms stay in the queue, for 7 days.", 4, 10),
    Watch(
        "sweep", "the sweep does not run", "Work that stopped is not resumed, and no alert rule is evaluated.", 2, 30
    ),
    Watch("project", "daily totals are not refreshed", _SLOWER, 2, 60),
    Watch("compact", "the ledger is not compacted", f"{_SLOWER} There are no new forecasts.", 0, 10),
    Watch("index", "the sale index falls behind", "Figures are right, but settlements read more meanwhile.", 2, 120),
    Watch(
        "forward", "webhooks are not served", "Sale events are not sent to webhooks. They are kept for 7 days.", 4, 10
    ),
)
"""One for each scheduled function."""


def alerts() -> Iterator[Policy]:
    for watch in WATCHES:
        title = f"Tillstream: {watch.title}"
        often = f"More than {watch.failures}" if watch.failures else "At least one"
        failures = (
            of_log("attempts", 'resource.type="cloud_scheduler_job"')
            + f' AND resource.labels.job_id="{watch.function}"'
        )
        runs = of_log("runs", OF_FUNCTIONS) + f' AND resource.labels.service_name="{watch.function}"'
        yield policy(
            title,
            f"{often} of the calls of {watch.function} within {watch.minutes} minutes failed, or it was not called for "
            f"{watch.absence} minutes. {watch.consequence}",
            above(
                f"{watch.function} fails", failures, SUM | {"alignmentPeriod": f"{watch.minutes * 60}s"}, watch.failures
            ),
            absent(f"{watch.function} is not called", runs, watch.absence),
        )
