"""Alerts on files and sales between their arrival and the figures: late, waiting, failing, given up, not settled."""

from collections.abc import Iterable, Iterator

from infra.access.accounts import dead_letter_subscriptions
from infra.functions import FUNCTIONS
from infra.goals import FILE_SECONDS, LIVE_SECONDS, OF_FUNCTIONS, OLDEST_SECONDS, SALE_SECONDS
from infra.monitoring.policy import SUM, Policy, above, absent, logged, of_log, policy
from infra.stage import Stage
from tillstream.model.events import DEAD_LETTERS

OF_SUBSCRIPTIONS = 'resource.type="pubsub_subscription"'
OLDEST_AGE = f'metric.type="pubsub.googleapis.com/subscription/oldest_unacked_message_age" AND {OF_SUBSCRIPTIONS}'


def alerts(stage: Stage) -> Iterator[Policy]:
    yield _late("Tillstream: files are late", "file", FILE_SECONDS)
    yield _late("Tillstream: till sales are late", "sale", SALE_SECONDS)
    yield _late("Tillstream: till sales are not visible at once", "live", LIVE_SECONDS)
    yield _backlog()
    yield _dead_letters()
    yield _failures()
    yield _errors()
    yield logged(
        "Tillstream: batches are not settled",
        "The sweep noticed staged batches that were not settled within 15 minutes, although no large settlement runs.",
        "overdue",
        OF_FUNCTIONS,
    )
    if hours := stage.values.get("SETTLED_WITHIN_HOURS", ""):
        yield _nothing_settled(int(hours))


def _late(title: str, name: str, seconds: int) -> Policy:
    aggregation = {
        "alignmentPeriod": "600s",
        "perSeriesAligner": "ALIGN_DELTA",
        "crossSeriesReducer": "REDUCE_PERCENTILE_95",
    }
    return policy(
        title,
        f"More than 1 in 20 took longer than the goal of {seconds} seconds.",
        above(title, of_log(f"{name}-seconds", OF_FUNCTIONS), aggregation, seconds),
    )


def _backlog() -> Policy:
    title = "Tillstream: events wait"
    subscriptions = one_of(dead_letter_subscriptions())
    return policy(
        title,
        f"The oldest event of a subscription is older than {OLDEST_SECONDS // 60} minutes: its function fails, is too "
        "slow, or is not called.",
        above(
            title,
            f"{OLDEST_AGE} AND resource.labels.subscription_id={subscriptions}",
            {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"},
            OLDEST_SECONDS,
            "300s",
        ),
    )


def _dead_letters() -> Policy:
    title = "Tillstream: events were given up"
    return policy(
        title,
        "The events are not processed until you send them again (in the portal: Pipeline, Dead letters).",
        above(
            title,
            'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND '
            f'{OF_SUBSCRIPTIONS} AND resource.labels.subscription_id="{DEAD_LETTERS}"',
            {"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"},
            0,
        ),
    )


def _failures() -> Policy:
    title = "Tillstream: functions fail"
    return policy(
        title,
        "More than five events failed within ten minutes. They are retried until they become dead letters.",
        above(title, of_log("failures", OF_FUNCTIONS), SUM, 5),
    )


def _errors() -> Policy:
    title = "Tillstream: functions end with errors"
    return policy(
        title,
        "More than five requests within ten minutes returned an error: a function failed, exceeded its memory, or "
        "timed out.",
        above(
            title,
            f'metric.type="run.googleapis.com/request_count" AND {OF_FUNCTIONS} AND '
            f'metric.labels.response_code_class="5xx" AND '
            f"resource.labels.service_name={one_of(spec.name for spec in FUNCTIONS)}",
            SUM,
            5,
        ),
    )


def _nothing_settled(hours: int) -> Policy:
    title = "Tillstream: nothing was settled"
    return policy(
        title,
        f"For {hours} hours, nothing was added to the ledger: no files and sales arrive, or they are not processed.",
        absent(title, of_log("settlements", OF_FUNCTIONS), hours * 60),
    )


def one_of(names: Iterable[str]) -> str:
    """The condition of a filter for one of several values."""
    quoted = ",".join(f'"{name}"' for name in names)
    return f"one_of({quoted})"
