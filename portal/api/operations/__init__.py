"""Table of API operations: purpose, parameters and responses."""

from portal.api.operations import alerts, numbers, orders, uploads
from portal.api.operations.operation import Operation

OPERATIONS: dict[str, Operation] = numbers.OPERATIONS | alerts.OPERATIONS | orders.OPERATIONS | uploads.OPERATIONS
"""endpoint → operation."""
