"""Messages that failed too often."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from tillstream.alerts.conditions.condition import Condition, at_least_lower
from tillstream.alerts.sources import AlertSources
from tillstream.domain.alerts.observations import Observation
from tillstream.domain.alerts.rules import AlertRule
from tillstream.ports.bus import DeadLetter
from tillstream.workflows.operations import dead_letters


def _evaluate(sources: AlertSources, rule: AlertRule, _at: datetime) -> list[Observation]:
    by_queue: dict[str, list[DeadLetter]] = defaultdict(list)
    for one in dead_letters.find(sources.ports):
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


CONDITION = Condition(_evaluate)
