"""Texts of the pipeline page."""

QUEUES = {
    "object-events": "Files to read",
    "batch-events": "Files to import",
    "store-sales": "Sales from tills",
    "sale-events": "Changes for other systems",
}
RETRIED = "Stalled jobs are retried."


def resent(count: int) -> str:
    return f"{count} {'message was' if count == 1 else 'messages were'} resent."
