"""Alert policies in the format of Cloud Monitoring, and their conditions."""

from infra.resource import RestObject

SUM = {"alignmentPeriod": "600s", "perSeriesAligner": "ALIGN_SUM", "crossSeriesReducer": "REDUCE_SUM"}
LONGEST_ABSENCE = 23 * 60
"""Minutes; Cloud Monitoring accepts up to 23.5 hours."""
Policy = RestObject
Condition = RestObject


def policy(title: str, description: str, *conditions: Condition) -> Policy:
    """An alert as soon as one of the conditions is met."""
    return {
        "displayName": title,
        "combiner": "OR",
        "enabled": True,
        "documentation": {"content": f"{description}\n\nWhat to do: docs/runbook.md", "mimeType": "text/markdown"},
        "conditions": list(conditions),
    }


def above(title: str, filter_: str, aggregation: dict[str, str], limit: float, lasting: str = "0s") -> Condition:
    """Whether a metric is above a limit, for as long as `lasting`."""
    threshold = {
        "filter": filter_,
        "aggregations": [aggregation],
        "comparison": "COMPARISON_GT",
        "thresholdValue": limit,
        "duration": lasting,
    }
    return {"displayName": title, "conditionThreshold": threshold}


def absent(title: str, filter_: str, minutes: int) -> Condition:
    """Whether nothing was counted for so many minutes.

    Above `LONGEST_ABSENCE`, it is a sum below 1, where no data counts as a sum of 0.
    """
    if minutes <= LONGEST_ABSENCE:
        aggregation = SUM | {"alignmentPeriod": "60s"}
        condition = {"filter": filter_, "aggregations": [aggregation], "duration": f"{minutes * 60}s"}
        return {"displayName": title, "conditionAbsent": condition}
    threshold = {
        "filter": filter_,
        "aggregations": [SUM | {"alignmentPeriod": f"{(minutes - 30) * 60}s"}],
        "comparison": "COMPARISON_LT",
        "thresholdValue": 1,
        "duration": "1800s",
        "evaluationMissingData": "EVALUATION_MISSING_DATA_ACTIVE",
    }
    return {"displayName": title, "conditionThreshold": threshold}


def of_log(metric: str, resource: str) -> str:
    """The filter for one of our metrics of log lines."""
    return f'metric.type="logging.googleapis.com/user/tillstream-{metric}" AND {resource}'


def logged(title: str, description: str, metric: str, resource: str) -> Policy:
    """An alert for each line of the log that a metric counts."""
    return policy(title, description, above(title, of_log(metric, resource), SUM, 0))
