"""Texts of the page of annotations."""

EVERY_REGION = "All regions"
ADDED = "Annotation added."
DELETED = "Annotation deleted."


def not_a_date(text: str) -> str:
    return f"The day is “{text}”; write it in the format 2026-01-31."
