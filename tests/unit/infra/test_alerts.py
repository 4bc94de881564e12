"""Alerts: metrics and values that Cloud Monitoring accepts, each schedule watched, and what a stage leaves out."""

import re
from typing import Any

import pytest

from infra import stage
from infra.access.accounts import dead_letter_subscriptions
from infra.function import DAY, Scheduled
from infra.functions import FUNCTIONS
from infra.goals import METRICS
from infra.jobs import JOBS
from infra.kinds.watching import alert
from infra.monitoring import alerts
from infra.monitoring.dashboard import definition
from infra.monitoring.schedules import WATCHES

METRIC_TYPES = {
    "bigquery.googleapis.com/query/scanned_bytes_billed": "global",
    "monitoring.googleapis.com/uptime_check/check_passed": "uptime_url",
    "pubsub.googleapis.com/subscription/num_undelivered_messages": "pubsub_subscription",
    "pubsub.googleapis.com/subscription/oldest_unacked_message_age": "pubsub_subscription",
    "run.googleapis.com/container/instance_count": "cloud_run_revision",
    "run.googleapis.com/job/completed_execution_count": "cloud_run_job",
    "run.googleapis.com/request_count": "cloud_run_revision",
}
"""Metrics of Google that are used here → their monitored resource, by https://cloud.google.com/monitoring/api/metrics_gcp."""
LOGGED = "logging.googleapis.com/user/"
ALIGNERS = {"ALIGN_SUM", "ALIGN_MAX", "ALIGN_DELTA", "ALIGN_NEXT_OLDER"}
REDUCERS = {"REDUCE_SUM", "REDUCE_MAX", "REDUCE_PERCENTILE_95", "REDUCE_COUNT_FALSE"}
LONGEST_ALIGNMENT, LONGEST_ABSENCE = 90_000, 84_600
"""Seconds that Cloud Monitoring accepts in an alert: https://cloud.google.com/monitoring/alerts/concepts-indepth."""


def policies(name: str = "prod", **overrides: str) -> list[dict[str, Any]]:
    return alerts(stage.read(name, "demo", "123", overrides))


def conditions() -> list[dict[str, Any]]:
    """Threshold or absence of each condition."""
    every = [one for each in policies() for one in each["conditions"]]
    return [one.get("conditionThreshold") or one["conditionAbsent"] for one in every]


def check_filter(filter_: str) -> None:
    """Its metric exists, and is written for the resource that the filter names."""
    (metric,) = re.findall(r'metric\.type="([^"]+)"', filter_)
    (resource,) = re.findall(r'resource\.type="([^"]+)"', filter_)
    if metric.startswith(LOGGED):
        assert f'resource.type="{resource}"' in METRICS[metric.removeprefix(LOGGED)]["filter"]
    else:
        assert METRIC_TYPES[metric] == resource


def check_aggregation(aggregation: dict[str, Any]) -> None:
    assert aggregation["perSeriesAligner"] in ALIGNERS
    assert aggregation.get("crossSeriesReducer", "REDUCE_SUM") in REDUCERS


def test_each_condition_uses_metrics_and_periods_that_exist() -> None:
    for condition in conditions():
        check_filter(condition["filter"])
        (aggregation,) = condition["aggregations"]
        check_aggregation(aggregation)
        period, lasting = (
            int(text.removesuffix("s")) for text in (aggregation["alignmentPeriod"], condition["duration"])
        )
        assert period % 60 == lasting % 60 == 0
        assert period + lasting <= LONGEST_ALIGNMENT
        if "comparison" not in condition:
            assert 120 <= lasting <= LONGEST_ABSENCE
        assert ("evaluationMissingData" in condition) <= (lasting > 0)


def test_each_widget_of_the_dashboard_uses_metrics_that_exist() -> None:
    widgets = definition(stage.read("prod", "demo", "123"))["gridLayout"]["widgets"]
    assert len(widgets) == 10
    used = []
    for widget in widgets:
        (data,) = widget["xyChart"]["dataSets"]
        series = data["timeSeriesQuery"]["timeSeriesFilter"]
        check_filter(series["filter"])
        check_aggregation(series["aggregation"])
        used += re.findall(r'metric\.type="([^"]+)"', series["filter"])
    assert {"tillstream-file-seconds", "tillstream-sale-seconds", "tillstream-settlements", "tillstream-failures"} <= {
        one.removeprefix(LOGGED) for one in used
    }
    assert METRIC_TYPES.keys() - set(used) == {"monitoring.googleapis.com/uptime_check/check_passed"}


def test_titles_of_alerts_and_of_their_conditions_are_unique() -> None:
    titles = [each["displayName"] for each in policies()]
    assert len(set(titles)) == len(titles)
    for each in policies():
        names = [one["displayName"] for one in each["conditions"]]
        assert len(set(names)) == len(names) <= 6


def test_each_schedule_has_an_alert_on_failed_and_on_absent_runs() -> None:
    scheduled = {spec.name for spec in FUNCTIONS if any(isinstance(one, Scheduled) for one in spec.triggers)}
    assert {watch.function for watch in WATCHES} == scheduled
    by_title = {each["displayName"]: each["conditions"] for each in policies()}
    for watch in WATCHES:
        failed, absent = by_title[f"Tillstream: {watch.title}"]
        assert f'resource.labels.job_id="{watch.function}"' in failed["conditionThreshold"]["filter"]
        (condition,) = (value for name, value in absent.items() if name != "displayName")
        assert f'resource.labels.service_name="{watch.function}"' in condition["filter"]


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.function)
def test_an_absence_is_longer_than_the_interval_and_shorter_than_a_night(watch: Any) -> None:
    interval = watch.schedule.minutes
    assert interval < watch.absence <= max(10, 3 * interval)
    if interval == DAY:
        assert watch.absence * 60 == LONGEST_ALIGNMENT
        assert watch.failures == 0, "the next call is a day later"
    else:
        assert watch.failures * interval < watch.minutes, "a schedule that always fails is noticed"


def test_the_backlog_of_each_subscription_of_the_pipeline_is_watched() -> None:
    (waits,) = (each for each in policies() if each["displayName"] == "Tillstream: events wait")
    (condition,) = waits["conditions"]
    watched = set(re.findall(r'"([\w-]+)"', condition["conditionThreshold"]["filter"].partition("one_of")[2]))
    assert watched == set(dead_letter_subscriptions()) >= {"receive", "settle", "stage"}


def test_each_job_has_an_alert() -> None:
    filters = [condition["filter"] for condition in conditions()]
    assert all(any(f'job_name="{job.name}"' in each for each in filters) for job in JOBS)


def test_a_stage_without_limits_has_no_alerts_on_them() -> None:
    titles = {each["displayName"] for each in policies()}
    limits = {"Tillstream: queries read much", "Tillstream: nothing was settled"}
    assert limits <= titles
    values = stage.read("prod", "demo", "123")
    without = stage.Stage(
        "prod", "demo", "123", {**values.values, "BYTES_BILLED_GB_DAY": "", "SETTLED_WITHIN_HOURS": ""}
    )
    assert titles - {each["displayName"] for each in alerts(without)} == limits


def test_a_budget_needs_a_billing_account_and_an_amount() -> None:
    from infra.declared import Declared
    from infra.kinds.billing import NO_BUDGET, skipped
    from infra.source import UNKNOWN

    chosen = {"BILLING_ACCOUNT": "012345-ABCDEF-012345", "BUDGET_MONTHLY": "200", "ALERT_EMAIL": "night@example.com"}
    declared = stage.read("prod", "demo", "123", chosen)
    (budget,) = (each for each in Declared(declared, UNKNOWN).resources() if each.kind == "budget")
    assert "--budget-amount=200" in budget.create[0].words
    assert budget.wanted["budgetFilter"]["projects"] == ["projects/123"]
    rules = [{"thresholdPercent": part, "spendBasis": "CURRENT_SPEND"} for part in (0.5, 0.9, 1.0)]
    state = {
        "name": "billingAccounts/012345-ABCDEF-012345/budgets/0f0f",
        "displayName": "Tillstream demo",
        "amount": {"specifiedAmount": {"currencyCode": "EUR", "units": "200"}},
        "budgetFilter": {"projects": ["projects/123"], "calendarPeriod": "MONTH"},
        "thresholdRules": rules,
    }
    assert budget.differences(budget.state_in([state])) == []
    assert budget.differences(state | {"thresholdRules": rules[1:]})
    assert skipped(declared) == []
    for missing in ("BILLING_ACCOUNT", "BUDGET_MONTHLY"):
        partial = stage.read("prod", "demo", "123", {**chosen, missing: ""})
        assert skipped(partial) == [NO_BUDGET]
        assert not [each for each in Declared(partial, UNKNOWN).resources() if each.kind == "budget"]


def test_an_existing_alert_is_sent_to_another_recipient_and_keeps_it_through_an_update() -> None:
    (wanted, *_) = policies()
    before, after = alert(wanted), alert(wanted, "Tillstream: night@example.com")
    assert after.differences(after.wanted) == []
    assert after.differences(wanted), "an alert of an earlier version gets its recipient"
    assert after.differences(before.wanted)
    (update,) = after.commands(before.wanted)
    assert update.words[-2:] == ("--set-notification-channels", "{channel}")
    assert "channel" in update.answers
    assert "--clear-notification-channels" in before.commands(after.wanted)[0].words
