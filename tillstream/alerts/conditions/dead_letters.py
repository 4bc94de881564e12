"""Messages that failed too often."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.operations import message_queues
from tillstream.ports.bus import DeadLetter


def _evaluate(sources: AlertSources, rule: AlertRule, _at: datetime) -> list[Observation]:
    by_queue: dict[str, list[DeadLetter]] = defaultdict(list)
    for one in message_queues.find_dead_letters(sources.ports):
        by_queue[one.subscription].append(one)
    return at_least_lower(
        rule,
        (
            Observation(
                queue,
                f"{len(letters):,} {'message' if len(letters) == 1 else 'messages'} of {queue} failed too often",
                Decimal(len(letters)),
                rule.threshold,
                f"The latest error: {letters[0].error}",
                path="/pipeline",
            )
            for queue, letters in by_queue.items()
        ),
    )


CONDITIONS = {"dead-letters": Condition(_evaluate)}
