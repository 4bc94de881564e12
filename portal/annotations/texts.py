"""Texts of the page of annotations."""

EVERY_REGION = "All regions"
ADDED = "Annotation added."
DELETED = "Annotation deleted."
