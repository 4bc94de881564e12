"""Files that need a decision."""

from datetime import datetime
from decimal import Decimal

from tillstream.alerts.condition import AlertSources, Condition, at_least_lower
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.model.batch import BatchKind, BatchState
from tillstream.records import batch_records

KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY, BatchKind.STORE_SALES)
HOUR = 3_600


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    held = (
        one
        for kind in KINDS
        for one in batch_records.find_batches(sources.ports, state=BatchState.HELD, kind=kind, limit=None)
    )
    return at_least_lower(
        rule,
        (
            Observation(
                one.batch_id,
                f"{one.file or 'Sales of stores'} is held in region {one.region}"
                if one.region
                else f"{one.file} is held",
                Decimal(int((at - datetime.fromisoformat(one.state_at or one.received_at)).total_seconds() // HOUR)),
                rule.threshold,
                "\n".join(hold.message for hold in one.holds),
                one.region,
                path=f"/waiting/{one.batch_id}",
            )
            for one in held
            if rule.covers_place(one.region)
        ),
    )


CONDITIONS = {"files-held": Condition(_evaluate)}
