"""The operation about alerts."""

from portal.api import schemas
from portal.api.operations.operation import Operation, query

OPERATIONS: dict[str, Operation] = {
    "alerts.data": Operation(
        "Running it",
        "Alerts in progress",
        {200: ("The alerts, the latest first", "Alerts")},
        "Only alerts about regions, stores and matters that the user may see, with the subjects among them. `revision` "
        "increases with each change of an alert.",
        (
            query(
                "state", {"type": "string", "enum": ["active", "all", ""], "default": "active"}, "all: also ended ones"
            ),
        ),
        right="numbers",
    )
}
_TEXTS = (
    *("id", "kind", "rule", "severity", "state", "title", "text", "region", "path", "opened_at", "ended_at"),
    *("acknowledged_by", "snoozed_until"),
)
SCHEMAS: dict[str, schemas.Schema] = {
    "Alerts": schemas.object_of(
        {
            "evaluated_at": schemas.TEXT,
            "revision": {"type": "integer"},
            "alerts": schemas.array_of(
                schemas.object_of(
                    dict.fromkeys(_TEXTS, schemas.TEXT)
                    | {
                        "subject_count": {"type": "integer"},
                        "subjects": schemas.array_of({"type": "object"}),
                        "events": schemas.array_of({"type": "object"}),
                    }
                )
            ),
        }
    )
}
