"""Texts of the history of a sale."""

ACTIONS = {
    "upload.received": "uploaded",
    "upload.fixed": "corrected",
    "upload.replayed": "reprocessed",
    "upload.confirmed": "imported after review",
    "upload.given-a-contract": "assigned another data source",
    "upload.rejected": "discarded",
    "upload.undone": "undone",
    "upload.cancelled": "cancelled",
}
"""Action on a file of the sale → its word."""
