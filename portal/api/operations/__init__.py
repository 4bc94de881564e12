"""Table of API operations: purpose, parameters and responses."""

from portal.api import schemas
from portal.api.operations import alerts, numbers, orders, stock, uploads
from portal.api.operations.operation import Operation

OPERATIONS: dict[str, Operation] = (
    numbers.OPERATIONS | alerts.OPERATIONS | orders.OPERATIONS | stock.OPERATIONS | uploads.OPERATIONS
)
"""endpoint → operation."""
SCHEMAS: dict[str, schemas.Schema] = schemas.SCHEMAS | numbers.SCHEMAS | alerts.SCHEMAS | orders.SCHEMAS | stock.SCHEMAS
"""name → schema."""
