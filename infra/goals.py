"""Service level objectives in the cloud, and the metrics of log lines that measure them."""

from infra.resource import RestObject
from tillstream.connectors.run_history import FAILED_RUN
from tillstream.operations.maintenance_status import OVERDUE_MESSAGE
from tillstream.records.outbox import NOT_SENT

FILE_SECONDS, SALE_SECONDS, LIVE_SECONDS = 60, 120, 10
"""95th percentile of the seconds from the last byte of a file, or from a till's message, to its numbers in queries, and
from a till's message until it is visible as unsettled. Tills' messages are settled once a minute."""
OLDEST_SECONDS = 900
"""Age of the oldest unacknowledged message of the pipeline from which there is an alert: longer than a settlement."""
UNDELIVERED_SECONDS = 3_600
"""Age of the oldest event of a webhook from which there is an alert."""
BUCKETS = {"exponentialBuckets": {"numFiniteBuckets": 40, "growthFactor": 1.25, "scale": 1}}
"""Upper bounds of the histogram in seconds: from 1 to 7,500, each 25 % above the previous one."""

OF_FUNCTIONS, OF_JOBS = 'resource.type="cloud_run_revision"', 'resource.type="cloud_run_job"'
COUNT = {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"}

METRICS: dict[str, RestObject] = {
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
    "tillstream-runs": {
        "description": "Events and calls that a function handled",
        "filter": f'{OF_FUNCTIONS} AND jsonPayload.message="handled" AND jsonPayload.outcome!="failed"',
        "metricDescriptor": COUNT,
    },
    "tillstream-attempts": {
        "description": "Calls by Cloud Scheduler that failed, or were not answered in time",
        "filter": 'resource.type="cloud_scheduler_job" AND logName:"cloudscheduler.googleapis.com%2Fexecutions" AND '
        "severity>=ERROR",
        "metricDescriptor": COUNT,
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
            (
                "overdue",
                "Sweeps that noticed staged batches that are not settled in time",
                OF_FUNCTIONS,
                OVERDUE_MESSAGE,
            ),
            ("settlements", "Settlements that added a batch to the ledger", OF_FUNCTIONS, "settled"),
        )
    },
}
