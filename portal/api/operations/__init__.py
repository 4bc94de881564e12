"""Table of API operations: purpose, parameters and responses."""

from portal.api import schemas
from portal.api.operations import alerts, connectors, numbers, orders, stock, uploads
from portal.api.operations.operation import Operation

_PARTS = (numbers, alerts, orders, stock, uploads, connectors)
OPERATIONS: dict[str, Operation] = {name: one for part in _PARTS for name, one in part.OPERATIONS.items()}
"""endpoint → operation."""
SCHEMAS: dict[str, schemas.Schema] = schemas.SCHEMAS | {
    name: one for part in _PARTS if part is not uploads for name, one in part.SCHEMAS.items()
}
"""name → schema."""
