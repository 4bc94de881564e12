"""The calls to Pub/Sub that lend messages and take them back."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from google.api_core import exceptions as told
from google.pubsub_v1 import SubscriberClient, types

from tillstream.adapters.google.retries import RETRY, TRY, ours, passes

MOST_LENT, MOST_NAMED = 1_000, 1_000
"""Messages lent by one call; leases named in one, which takes 512 KB."""


class Leases:
    def __init__(self, project: str) -> None:
        self._project = project

    @cached_property
    def client(self) -> SubscriberClient:
        return SubscriberClient()

    def lend(self, subscription: str, limit: int, seconds: float) -> list[Any]:
        """Up to `limit` messages, or fewer as soon as there are any; none after these seconds."""
        request = types.PullRequest(subscription=self.path(subscription), max_messages=min(limit, MOST_LENT))
        again = RETRY.with_predicate(_not_just_late).with_timeout(seconds)
        with ours(f"The subscription {subscription}"):
            try:
                answer = self.client.pull(request, retry=again, timeout=seconds)
            except told.DeadlineExceeded:
                return []
        return list(types.PullResponse.pb(answer).received_messages)

    def done(self, subscription: str, leases: Sequence[str]) -> None:
        with ours(f"The subscription {subscription}"):
            for some in _portions(leases):
                request = types.AcknowledgeRequest(subscription=self.path(subscription), ack_ids=some)
                self.client.acknowledge(request, retry=RETRY, timeout=TRY)

    def change(self, subscription: str, leases: Sequence[str], seconds: float) -> None:
        """Let them end so many seconds from now; 0: give the messages back."""
        with ours(f"The subscription {subscription}"):
            for some in _portions(leases):
                request = types.ModifyAckDeadlineRequest(
                    subscription=self.path(subscription), ack_ids=some, ack_deadline_seconds=round(seconds)
                )
                self.client.modify_ack_deadline(request, retry=RETRY, timeout=TRY)

    def topics(self) -> dict[str, str]:
        """Subscription → topic, of the whole project."""
        request = types.ListSubscriptionsRequest(project=f"projects/{self._project}")
        with ours("The list of subscriptions"):
            found = list(self.client.list_subscriptions(request, retry=RETRY, timeout=TRY))
        return {one.name.rsplit("/", 1)[1]: one.topic.rsplit("/", 1)[-1] for one in found}

    def close(self) -> None:
        if "client" in vars(self):
            self.client.transport.close()

    def path(self, subscription: str) -> str:
        return f"projects/{self._project}/subscriptions/{subscription}"


def _not_just_late(error: BaseException) -> bool:
    return passes(error) and not isinstance(error, told.DeadlineExceeded)


def _portions(leases: Sequence[str]) -> Iterator[list[str]]:
    left = iter(leases)
    while some := list(islice(left, MOST_NAMED)):
        yield some
