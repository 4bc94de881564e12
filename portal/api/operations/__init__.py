"""Table of API operations: purpose, parameters and responses."""

from portal.api import schemas
from portal.api.operations import numbers, stock, uploads
from portal.api.operations.operation import Operation

OPERATIONS: dict[str, Operation] = numbers.OPERATIONS | stock.OPERATIONS | uploads.OPERATIONS
"""endpoint → operation."""
SCHEMAS: dict[str, schemas.Schema] = schemas.SCHEMAS | numbers.SCHEMAS | stock.SCHEMAS
"""name → schema."""
