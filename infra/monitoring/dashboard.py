"""The dashboard of a stage in Cloud Monitoring: freshness, backlogs, errors, settlements, bytes billed, instances."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.access.accounts import dead_letter_subscriptions
from infra.goals import FILE_SECONDS, OF_FUNCTIONS, OF_JOBS, OLDEST_SECONDS, SALE_SECONDS
from infra.monitoring.costs import BILLED
from infra.monitoring.pipeline import OF_SUBSCRIPTIONS, OLDEST_AGE, one_of
from infra.monitoring.policy import of_log
from infra.resource import RestObject
from infra.stage import Stage
from tillstream.model.events import DEAD_LETTERS

Widget = RestObject
PERIOD = "300s"
BY_SERVICE = ("resource.label.service_name",)


def definition(stage: Stage) -> RestObject:
    """The dashboard in the format of Cloud Monitoring."""
    pipeline = one_of(dead_letter_subscriptions())
    subscription = ("resource.label.subscription_id",)
    undelivered = 'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages"'
    return {
        "displayName": f"Tillstream {stage.name}",
        "labels": {"app": "tillstream"},
        "gridLayout": {
            "columns": "2",
            "widgets": [
                _chart("Files: 95th percentile of seconds until their figures", _freshness("file"), FILE_SECONDS),
                _chart("Till sales: 95th percentile of seconds until their figures", _freshness("sale"), SALE_SECONDS),
                _chart(
                    "Age of the oldest event, in seconds",
                    _series(
                        f"{OLDEST_AGE} AND resource.label.subscription_id={pipeline}",
                        *("ALIGN_MAX", "REDUCE_MAX", subscription),
                    ),
                    OLDEST_SECONDS,
                ),
                _chart(
                    "Dead letters",
                    _series(
                        f'{undelivered} AND {OF_SUBSCRIPTIONS} AND resource.label.subscription_id="{DEAD_LETTERS}"',
                        *("ALIGN_MAX", "REDUCE_SUM"),
                    ),
                    1,
                ),
                _chart("Events that failed", _counts(of_log("failures", OF_FUNCTIONS), BY_SERVICE)),
                _chart(
                    "Requests by their answer",
                    _counts(
                        f'metric.type="run.googleapis.com/request_count" AND {OF_FUNCTIONS}',
                        ("metric.label.response_code_class",),
                    ),
                ),
                _chart("Batches settled", _counts(of_log("settlements", OF_FUNCTIONS))),
                _chart("Bytes that BigQuery billed", _counts(BILLED)),
                _chart(
                    "Instances",
                    _series(
                        f'metric.type="run.googleapis.com/container/instance_count" AND {OF_FUNCTIONS}',
                        *("ALIGN_MAX", "REDUCE_SUM", BY_SERVICE),
                    ),
                ),
                _chart(
                    "Runs of jobs by their result",
                    _counts(
                        f'metric.type="run.googleapis.com/job/completed_execution_count" AND {OF_JOBS}',
                        ("resource.label.job_name", "metric.label.result"),
                    ),
                ),
            ],
        },
    }


def _chart(title: str, query: Mapping[str, Any], limit: int = 0) -> Widget:
    """A line chart. limit: drawn as a line; 0: none."""
    chart: RestObject = {"dataSets": [{"plotType": "LINE", "timeSeriesQuery": {"timeSeriesFilter": query}}]}
    if limit:
        chart["thresholds"] = [{"value": limit}]
    return {"title": title, "xyChart": chart}


def _freshness(name: str) -> RestObject:
    return _series(of_log(f"{name}-seconds", OF_FUNCTIONS), "ALIGN_DELTA", "REDUCE_PERCENTILE_95")


def _counts(filter_: str, groups: Sequence[str] = ()) -> RestObject:
    return _series(filter_, "ALIGN_SUM", "REDUCE_SUM", groups)


def _series(filter_: str, aligner: str, reducer: str, groups: Sequence[str] = ()) -> RestObject:
    """groups: the labels of each line; without any, there is one line."""
    aggregation = {"alignmentPeriod": PERIOD, "perSeriesAligner": aligner, "crossSeriesReducer": reducer}
    return {"filter": filter_, "aggregation": aggregation | ({"groupByFields": list(groups)} if groups else {})}
