"""Texts of the pages of personal tokens."""

RIGHTS = {
    "numbers": "Read numbers: sales, by time, place and product",
    "personal": "Read personal columns: customers and salespeople",
    "uploads": "Read uploads and their receipts",
    "upload": "Upload, correct and reprocess files",
    "decide": "Import, discard and undo uploads",
    "pipeline": "See the pipeline and retry stalled jobs",
    "quality": "See data quality",
    "stock": "Record stock movements, and change the catalogue and goals",
}
"""Right of a token → what it allows."""
NAME, NO_NAME = "Name", "Enter a name for the token."
RIGHTS_FIELD, NO_RIGHTS = "Rights", "Choose at least one right."
FILES_ONLY = "Only for live files of spreadsheets and BI tools; the token can be part of an address, and only reads"
REGIONS = "Regions"
VALID_FOR = "Valid for"


def days(count: int) -> str:
    return f"{count} days"


def revoked(name: str) -> str:
    return f"The token “{name}” is revoked."


def revoked_of(login: str, name: str) -> str:
    return f"The token “{name}” of {login} is revoked."
