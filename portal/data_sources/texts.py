"""Texts of the data sources page."""


def without_preview(source: str) -> str:
    return f"Files of {source} are imported without a preview."


def with_preview(source: str) -> str:
    return f"Files of {source} are previewed before they are imported."
