"""The calls to Pub/Sub that lease, extend and acknowledge messages."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from google.api_core import exceptions as api_errors
from google.pubsub_v1 import SubscriberClient, types

from tillstream.adapters.google.retries import RETRY, TRY, is_transient, translate_errors
from tillstream.domain.events import WEBHOOK_PLACES

MOST_PULLED, MOST_LEASES = 1_000, 1_000
"""Maximum number of messages per pull; of leases per request, which is limited to 512 KB."""

DETACHED = timedelta(minutes=10)
"""Retention of a deployed subscription of no webhook, the minimum of Pub/Sub: it costs nothing."""


class Leases:
    def __init__(self, project: str) -> None:
        self._project = project

    @cached_property
    def client(self) -> SubscriberClient:
        return SubscriberClient()

    def pull(self, subscription: str, limit: int, seconds: float) -> list[Any]:
        """Up to `limit` messages; returns as soon as there are any, and none after the timeout."""
        request = types.PullRequest(subscription=self.path(subscription), max_messages=min(limit, MOST_PULLED))
        retries = RETRY.with_predicate(_is_retryable).with_timeout(seconds)
        with translate_errors(f"The subscription {subscription}"):
            try:
                response = self.client.pull(request, retry=retries, timeout=seconds)
            except api_errors.DeadlineExceeded:
                return []
        return list(types.PullResponse.pb(response).received_messages)

    def acknowledge(self, subscription: str, leases: Sequence[str]) -> None:
        with translate_errors(f"The subscription {subscription}"):
            for batch in _batches(leases):
                request = types.AcknowledgeRequest(subscription=self.path(subscription), ack_ids=batch)
                self.client.acknowledge(request, retry=RETRY, timeout=TRY)

    def change(self, subscription: str, leases: Sequence[str], seconds: float) -> None:
        """Set the leases to end so many seconds from now; 0 releases the messages."""
        with translate_errors(f"The subscription {subscription}"):
            for batch in _batches(leases):
                request = types.ModifyAckDeadlineRequest(
                    subscription=self.path(subscription), ack_ids=batch, ack_deadline_seconds=round(seconds)
                )
                self.client.modify_ack_deadline(request, retry=RETRY, timeout=TRY)

    def topics(self, *, attached: bool = False) -> dict[str, str]:
        """Subscription → topic, for the whole project. attached: without those of webhooks that do not exist."""
        request = types.ListSubscriptionsRequest(project=f"projects/{self._project}")
        with translate_errors("The list of subscriptions"):
            subscriptions = list(self.client.list_subscriptions(request, retry=RETRY, timeout=TRY))
        return {
            subscription.name.rsplit("/", 1)[1]: subscription.topic.rsplit("/", 1)[-1]
            for subscription in subscriptions
            if not (attached and _is_detached(subscription))
        }

    def close(self) -> None:
        if "client" in vars(self):
            self.client.transport.close()

    def path(self, subscription: str) -> str:
        return f"projects/{self._project}/subscriptions/{subscription}"


def _is_detached(subscription: types.Subscription) -> bool:
    name = subscription.name.rsplit("/", 1)[1]
    return name in WEBHOOK_PLACES and subscription.message_retention_duration <= DETACHED


def _is_retryable(error: BaseException) -> bool:
    return is_transient(error) and not isinstance(error, api_errors.DeadlineExceeded)


def _batches(leases: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(leases)
    while batch := list(islice(remaining, MOST_LEASES)):
        yield batch
