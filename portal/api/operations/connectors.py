"""Operations about connectors."""

from portal.api import schemas
from portal.api.connectors import MAX_OFFSET, MAX_RUNS
from portal.api.operations.operation import Operation, path, query
from portal.connectors.scoped import ConnectorState

_NAME = path("connector", "Name of the connector")
_CONNECTOR = ("The connector", "Connector")
_ADMIN = "For administrators."
OPERATIONS: dict[str, Operation] = {
    "api.connectors": Operation(
        "Running it",
        "Connectors",
        {200: ("The connectors, by name", "Connectors")},
        "Connectors of the user's regions, with their states. Settings are not included.",
        right="pipeline",
    ),
    "api.connector": Operation(
        "Running it", "A connector", {200: _CONNECTOR}, parameters=(_NAME,), right="pipeline", errors=(404,)
    ),
    "api.connector_runs": Operation(
        "Running it",
        "Last runs of a connector",
        {200: ("The runs, newest first", "ConnectorRuns")},
        "`stopped`: the run ended before the end of the source; the next one continues from there.",
        (
            _NAME,
            query("limit", {"type": "integer", "minimum": 0, "maximum": MAX_RUNS, "default": 20}, "Maximum number"),
            query("offset", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}, "Runs to skip"),
        ),
        right="pipeline",
        errors=(404,),
    ),
    "api.pause_connector": Operation(
        "Running it", "Pause a connector", {200: _CONNECTOR}, _ADMIN, (_NAME,), right="pipeline", errors=(404,)
    ),
    "api.resume_connector": Operation(
        "Running it",
        "Resume a connector",
        {200: _CONNECTOR},
        f"It continues from the same place. {_ADMIN}",
        (_NAME,),
        right="pipeline",
        errors=(404,),
    ),
    "api.run_connector": Operation(
        "Running it",
        "Run a connector now",
        {202: ("The run is requested", "Connector")},
        f"The run is made in the background, within a minute. {_ADMIN}",
        (_NAME,),
        right="pipeline",
        errors=(404,),
    ),
}
_TEXTS = ("name", "kind", "contract", "error", "next_at", "last_run_at", "last_complete_at")
SCHEMAS: dict[str, schemas.Schema] = {
    "Connector": schemas.object_of(
        dict.fromkeys(_TEXTS, schemas.TEXT)
        | {
            "every_minutes": schemas.COUNT,
            "is_paused": {"type": "boolean"},
            "state": {"type": "string", "enum": list(ConnectorState)},
            "failures": schemas.COUNT,
            "behind": schemas.MAYBE_COUNT,
            "notes": schemas.array_of(schemas.TEXT),
        }
    ),
    "Connectors": schemas.object_of({"connectors": schemas.array_of({"$ref": "#/components/schemas/Connector"})}),
    "ConnectorRuns": schemas.object_of(
        {
            "runs": schemas.array_of(
                schemas.object_of(
                    dict.fromkeys(("started_at", "ended_at", "error"), schemas.TEXT)
                    | {
                        "outcome": {"type": "string", "enum": ["running", "done", "failed", "stopped"]},
                        **dict.fromkeys(("items", "bytes", "sales"), schemas.COUNT),
                        **dict.fromkeys(("batches", "notes"), schemas.array_of(schemas.TEXT)),
                    }
                )
            )
        }
    ),
}
"""name → schema of an answer of these operations."""
