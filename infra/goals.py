"""Service level objectives in the cloud, the metrics that measure them, and the alerts for violations."""

from typing import Any

from infra.functions import COMPACT, FUNCTIONS, INDEX, PROJECT
from infra.jobs import JOBS, Job
from tillstream.connectors.runs import FAILED_RUN
from tillstream.domain.events import DEAD_LETTERS, WEBHOOK_SUBSCRIPTIONS
from tillstream.outbox.outbox import NOT_SENT

FILE_SECONDS, SALE_SECONDS, LIVE_SECONDS = 60, 120, 10
"""95th percentile of the seconds from the last byte of a file, or from a till's message, to its numbers in queries, and
from a till's message until it is visible as unsettled. Tills' messages are settled once a minute."""
UNDELIVERED_SECONDS = 3_600
"""Age of the oldest event of a webhook from which there is an alert."""
BUCKETS = {"exponentialBuckets": {"numFiniteBuckets": 40, "growthFactor": 1.25, "scale": 1}}
"""Upper bounds of the histogram in seconds: from 1 to 7,500, each 25 % above the previous one."""

OF_FUNCTIONS, OF_JOBS = 'resource.type="cloud_run_revision"', 'resource.type="cloud_run_job"'
COUNT = {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"}
SUM = {"alignmentPeriod": "600s", "perSeriesAligner": "ALIGN_SUM", "crossSeriesReducer": "REDUCE_SUM"}

METRICS: dict[str, dict[str, Any]] = {
    f"tillstream-{name}-seconds": {
        "description": f"Seconds from {start} until its figures can be queried",
        "filter": f"{OF_FUNCTIONS} AND {lines}",
        "metricDescriptor": {"metricKind": "DELTA", "valueType": "DISTRIBUTION", "unit": "s"},
        "valueExtractor": "EXTRACT(jsonPayload.seconds)",
        "bucketOptions": BUCKETS,
    }
    for name, lines, start in (
        ("file", 'jsonPayload.message="settled" AND jsonPayload.kind="upload"', "the last byte of a file"),
        ("sale", 'jsonPayload.message="settled" AND jsonPayload.kind="messages"', "a till's message"),
        ("live", 'jsonPayload.message="live" AND jsonPayload.seconds>=0', "a till's message, before its settlement,"),
    )
} | {
    "tillstream-failures": {
        "description": "Events that a function could not handle",
        "filter": f'{OF_FUNCTIONS} AND jsonPayload.message="handled" AND jsonPayload.outcome="failed"',
        "metricDescriptor": COUNT | {"labels": [{"key": "function", "valueType": "STRING"}]},
        "labelExtractors": {"function": "EXTRACT(resource.labels.service_name)"},
    },
    **{
        f"tillstream-{name}": {
            "description": description,
            "filter": f'{source} AND jsonPayload.message="{message}"',
            "metricDescriptor": COUNT,
        }
        for name, description, source, message in (
            (
                *("quality", "Runs after which a quality check of the marts failed that had passed before"),
                *(OF_FUNCTIONS, "quality check failed"),
            ),
            (
                *("drift", "Forecasts of which too few days were inside of their range"),
                *(OF_JOBS, "forecast drifts"),
            ),
            (
                *("connectors", "Runs of connectors that failed"),
                *(OF_JOBS, FAILED_RUN),
            ),
            ("unsent", "Messages that were not sent, or may not have been", OF_JOBS, NOT_SENT),
            ("repairs", "Sweeps that noticed that something was lost", OF_FUNCTIONS, "sweep repaired"),
        )
    },
}


def alerts(host: str) -> list[dict[str, Any]]:
    """Alert policies in the format of Cloud Monitoring."""
    return [
        _late("Tillstream: files are late", "file", FILE_SECONDS),
        _late("Tillstream: till sales are late", "sale", SALE_SECONDS),
        _late("Tillstream: till sales are not visible at once", "live", LIVE_SECONDS),
        _alert(
            "Tillstream: events were given up",
            "The events are not processed until you send them again (in the portal: Pipeline, Dead letters).",
            'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND '
            f'resource.type="pubsub_subscription" AND resource.labels.subscription_id="{DEAD_LETTERS}"',
            {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"},
            0,
        ),
        _alert(
            "Tillstream: functions fail",
            "More than five events failed within ten minutes. They are retried until they become dead letters.",
            'metric.type="logging.googleapis.com/user/tillstream-failures" AND resource.type="cloud_run_revision"',
            SUM,
            5,
        ),
        _errors(
            "Tillstream: functions end with errors",
            "More than five requests within ten minutes returned an error: a function failed, exceeded its memory, or "
            "timed out.",
            f"one_of({_functions()})",
            5,
        ),
        _errors(
            "Tillstream: daily totals are not refreshed",
            "Three runs within an hour failed. Figures are right, but queries are slower until a run succeeds.",
            f'"{PROJECT.name}"',
            2,
            "3600s",
        ),
        _errors(
            "Tillstream: the ledger is not compacted",
            "The nightly run failed. Figures are right, but queries read more until a run succeeds.",
            f'"{COMPACT.name}"',
            0,
        ),
        _errors(
            "Tillstream: the sale index falls behind",
            "Three runs within two hours failed. Figures are right, but settlements read more until a run succeeds.",
            f'"{INDEX.name}"',
            2,
            "7200s",
        ),
        *map(_failed_job, JOBS),
        _logged(
            "Tillstream: a message was not sent",
            "The mail server or the receiver of a channel refused a message or did not answer for eleven hours, or the "
            "job ended while it sent one. The message is not sent again by itself (in the portal: Reports, Messages; "
            "for notices of alerts: Alert channels).",
            "unsent",
            OF_JOBS,
        ),
        _logged(
            "Tillstream: a connector fails",
            "A source cannot be read: its address, its credential or its answer is wrong, or it does not answer. It is "
            "tried again. In the portal, Connectors shows the error.",
            "connectors",
            OF_JOBS,
        ),
        _undelivered(),
        _logged(
            "Tillstream: something was lost",
            "A sweep noticed that the ledger lacks settlements, that records are older than the ledger, or that loaded "
            "exchange rates are missing. What survives elsewhere is repaired; the log names the rest.",
            "repairs",
            OF_FUNCTIONS,
        ),
        _logged(
            "Tillstream: a quality check fails",
            "Rows of a mart have no unique key, lack a value, or differ from the ledger. In the portal, Data quality "
            "shows the rows.",
            "quality",
            OF_FUNCTIONS,
        ),
        _logged(
            "Tillstream: a forecast drifts",
            "In the last four weeks, less than half of the days were inside of the range that was forecast for 80 % of "
            "them. The log of the job forecast names what was forecast.",
            "drift",
            OF_JOBS,
        ),
        _alert(
            "Tillstream: the portal does not answer",
            f"{host} does not respond to checks from two or more locations.",
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
    ]


def _failed_job(job: Job) -> dict[str, Any]:
    return _alert(
        f"Tillstream: {job.alert}",
        f"The job {job.name} ended with an error. {job.failure}",
        f'metric.type="run.googleapis.com/job/completed_execution_count" AND {OF_JOBS} AND '
        f'metric.labels.result="failed" AND resource.labels.job_name="{job.name}"',
        SUM,
        0,
    )


def _logged(title: str, description: str, metric: str, source: str) -> dict[str, Any]:
    """An alert for each line of the log that a metric counts."""
    return _alert(
        title, description, f'metric.type="logging.googleapis.com/user/tillstream-{metric}" AND {source}', SUM, 0
    )


def _undelivered() -> dict[str, Any]:
    return _alert(
        "Tillstream: a webhook does not deliver",
        "The oldest event of a webhook is older than an hour: its receiver fails or is slow, or it is paused. Its page "
        "in the portal shows why. A paused webhook loses its events after seven days.",
        'metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age" AND '
        'resource.type="pubsub_subscription" AND '
        f'resource.labels.subscription_id=starts_with("{WEBHOOK_SUBSCRIPTIONS}")',
        {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_MAX"},
        UNDELIVERED_SECONDS,
        "300s",
    )


def _functions() -> str:
    return ",".join(f'"{spec.name}"' for spec in FUNCTIONS)


def _errors(title: str, description: str, services: str, above: int, period: str = "600s") -> dict[str, Any]:
    return _alert(
        title,
        description,
        'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND '
        f'metric.labels.response_code_class="5xx" AND resource.labels.service_name={services}',
        SUM | {"alignmentPeriod": period},
        above,
    )


def _late(title: str, name: str, seconds: int) -> dict[str, Any]:
    return _alert(
        title,
        f"More than 1 in 20 took longer than the goal of {seconds} seconds.",
        f'metric.type="logging.googleapis.com/user/tillstream-{name}-seconds" AND resource.type="cloud_run_revision"',
        {"alignmentPeriod": "600s", "perSeriesAligner": "ALIGN_DELTA", "crossSeriesReducer": "REDUCE_PERCENTILE_95"},
        seconds,
    )


def _alert(
    title: str, description: str, filter_: str, aggregation: dict[str, str], above: int, lasting: str = "0s"
) -> dict[str, Any]:
    condition = {
        "filter": filter_,
        "aggregations": [aggregation],
        "comparison": "COMPARISON_GT",
        "thresholdValue": above,
        "duration": lasting,
    }
    return {
        "displayName": title,
        "combiner": "OR",
        "enabled": True,
        "documentation": {"content": f"{description}\n\nWhat to do: docs/runbook.md", "mimeType": "text/markdown"},
        "conditions": [{"displayName": title, "conditionThreshold": condition}],
    }
