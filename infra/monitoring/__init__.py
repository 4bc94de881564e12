"""The alerts of a stage, in the order of the runbook's table of goals."""

from collections.abc import Iterator

from infra.monitoring import costs, pipeline, results, schedules
from infra.monitoring.policy import Policy
from infra.stage import Stage


def alerts(stage: Stage) -> list[Policy]:
    """Alert policies in the format of Cloud Monitoring."""
    return list(_all(stage))


def _all(stage: Stage) -> Iterator[Policy]:
    yield from pipeline.alerts(stage)
    yield from schedules.alerts()
    yield from results.alerts()
    yield from costs.alerts(stage)
    yield results.portal(stage)
