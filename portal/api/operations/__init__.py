"""Table of API operations: purpose, parameters and responses."""

from portal.api.operations import numbers, orders, uploads
from portal.api.operations.operation import Operation

OPERATIONS: dict[str, Operation] = numbers.OPERATIONS | orders.OPERATIONS | uploads.OPERATIONS
"""endpoint → operation."""
