"""Alerts on jobs and messages, on what checks and sweeps noticed, and on the portal."""

from collections.abc import Iterator

from infra.goals import OF_FUNCTIONS, OF_JOBS, UNDELIVERED_SECONDS
from infra.jobs import JOBS, Job
from infra.monitoring.pipeline import OLDEST_AGE
from infra.monitoring.policy import SUM, Policy, above, logged, policy
from infra.stage import Stage
from tillstream.model.events import WEBHOOK_SUBSCRIPTIONS


def alerts() -> Iterator[Policy]:
    yield from map(_failed_job, JOBS)
    yield logged(
        "Tillstream: a message was not sent",
        "The mail server or the receiver of a channel refused a message or did not answer for eleven hours, or the "
        "job ended while it sent one. The message is not sent again by itself (in the portal: Reports, Messages; "
        "for notices of alerts: Alert channels).",
        "unsent",
        OF_JOBS,
    )
    yield logged(
        "Tillstream: a connector fails",
        "A source cannot be read: its address, its credential or its answer is wrong, or it does not answer. It is "
        "tried again. In the portal, Connectors shows the error.",
        "connectors",
        OF_JOBS,
    )
    yield _undelivered()
    yield logged(
        "Tillstream: something was lost",
        "A sweep noticed that the ledger lacks settlements, that records are older than the ledger, or that loaded "
        "exchange rates are missing. What survives elsewhere is repaired; the log names the rest.",
        "repairs",
        OF_FUNCTIONS,
    )
    yield logged(
        "Tillstream: a quality check fails",
        "Rows of a mart have no unique key, lack a value, or differ from the ledger. In the portal, Data quality "
        "shows the rows.",
        "quality",
        OF_FUNCTIONS,
    )
    yield logged(
        "Tillstream: a forecast drifts",
        "In the last four weeks, less than half of the days were inside of the range that was forecast for 80 % of "
        "them. The log of the job forecast names what was forecast.",
        "drift",
        OF_JOBS,
    )


def portal(stage: Stage) -> Policy:
    host = stage["PORTAL_ADDRESS"].removeprefix("https://")
    title = "Tillstream: the portal does not answer"
    return policy(
        title,
        f"{host} does not respond to checks from two or more locations.",
        above(
            title,
            'metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url" AND '
            f'resource.labels.host="{host}"',
            {
                "alignmentPeriod": "120s",
                "perSeriesAligner": "ALIGN_NEXT_OLDER",
                "crossSeriesReducer": "REDUCE_COUNT_FALSE",
            },
            1,
            "180s",
        ),
    )


def _failed_job(job: Job) -> Policy:
    title = f"Tillstream: {job.alert}"
    return policy(
        title,
        f"The job {job.name} ended with an error. {job.failure}",
        above(
            title,
            f'metric.type="run.googleapis.com/job/completed_execution_count" AND {OF_JOBS} AND '
            f'metric.labels.result="failed" AND resource.labels.job_name="{job.name}"',
            SUM,
            0,
        ),
    )


def _undelivered() -> Policy:
    title = "Tillstream: a webhook does not deliver"
    return policy(
        title,
        "The oldest event of a webhook is older than an hour: its receiver fails or is slow, or it is paused. Its page "
        "in the portal shows why. A paused webhook loses its events after seven days.",
        above(
            title,
            f'{OLDEST_AGE} AND resource.labels.subscription_id=starts_with("{WEBHOOK_SUBSCRIPTIONS}")',
            {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_MAX"},
            UNDELIVERED_SECONDS,
            "300s",
        ),
    )
