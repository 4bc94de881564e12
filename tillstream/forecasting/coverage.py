"""What a forecast over several regions covers, in words."""

from collections.abc import Mapping
from typing import Any


def coverage(row: Mapping[str, Any]) -> str:
    """Name the regions that a row of the query `forecasts` lacks, such as “1 of 2 regions; UK has no forecast”.

    Empty for a forecast that lacks none.
    """
    missing = regions(row["missing_regions"])
    if not missing:
        return ""
    covered = len(regions(row["covered_regions"]))
    has = "has" if len(missing) == 1 else "have"
    return f"{covered} of {covered + len(missing)} regions; {', '.join(missing)} {has} no forecast"


def regions(names: str | None) -> tuple[str, ...]:
    """The regions of a column of the query."""
    return tuple(names.split(", ")) if names else ()
