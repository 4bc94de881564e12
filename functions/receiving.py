"""Receive store sales for most of a minute, stage them, and start one settlement."""

from collections.abc import Callable

from tillstream.contracts.registry import ContractRegistry
from tillstream.intake.store_sales import PULL_MESSAGES, RECEIVE_SUBSCRIPTION, keep_messages
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.ports import Ports
from tillstream.ports.bus import RetryPolicy
from tillstream.records import batch_records

RENEW = RetryPolicy.lease / 3
"""Seconds of staging after which the leases of the messages are renewed: a pull with many regions, or many messages
about one sale, has many micro-batches."""


def keep_receiving(
    ports: Ports,
    contracts: ContractRegistry,
    limit: int,
    seconds: float,
    gather: float,
    stage: Callable[[Batch], object],
) -> int:
    """Receive for `seconds`, then until a pull is not full; return the number of micro-batches.

    gather: seconds to wait after a pull that was not full, so that messages form fewer, larger micro-batches, each of
    which has to be staged and settled. stage: stages a micro-batch before its messages are acknowledged, so that they
    are delivered again if the process is killed. After an error, an event stages it.
    """
    limit, now = min(limit, PULL_MESSAGES), ports.clock.now
    started, count = now(), 0
    while True:
        remaining = max(seconds - (now() - started).total_seconds(), 0.0)
        deliveries = ports.bus.pull(RECEIVE_SUBSCRIPTION, limit, remaining)
        leased = now()
        for batch in keep_messages(ports, contracts, deliveries, publish=False):
            if (now() - leased).total_seconds() > RENEW:
                ports.bus.extend(deliveries, RetryPolicy.lease)
                leased = now()
            _stage_or_publish(ports, batch, stage)
            count += 1
        ports.bus.acknowledge(deliveries)
        if len(deliveries) < limit and not remaining:
            return count
        if 0 < len(deliveries) < limit:
            ports.clock.sleep(min(gather, remaining))


def _stage_or_publish(ports: Ports, batch: Batch, stage: Callable[[Batch], object]) -> None:
    try:
        stage(batch)
    except Exception:  # noqa: BLE001 - logged by `dispatch`; the event is retried, and ends as a visible dead letter
        batch_records.publish_received(ports, batch)


def start_settlement(ports: Ports) -> bool:
    """Start a settlement if a micro-batch is staged, and return whether one is: one query, and no event if not.

    Called once a minute, because each settlement costs the same however few sales it adds.
    """
    staged = batch_records.find_batches(ports, state=BatchState.STAGED, kind=BatchKind.STORE_SALES, limit=1)
    for batch in staged:
        batch_records.publish_due(ports, batch)
    return bool(staged)
