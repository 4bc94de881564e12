"""Texts of the pages of changes."""

from collections.abc import Mapping
from typing import Any

from portal import formats
from tillstream.analytics.changes import CHANGE_KINDS

HEADLINES = {"revenue": "Revenue", "orders": "Orders", "units": "Units", "customers": "Customers"}
WORDS = {"added": "added", "corrected": "changed", "removed": "removed"}
WOULD = {"added": "would be added", "corrected": "would be changed", "removed": "would be removed"}
NET_AMOUNT = "Net amount"
GROUPS = {"regions": "Region", "stores": "Store", "days": "Day"}
WITHOUT_STORE = "without a store"


def sentence(total: dict[str, Any], words: Mapping[str, str] = WORDS) -> str:
    """A text such as: 3 lines added, 1 line changed, 2 lines removed."""
    parts = [f"{formats.many(total[kind], 'line')} {words[kind]}" for kind in CHANGE_KINDS if total[kind]]
    return ", ".join(parts) or f"No line {words['corrected']}"


def store(region: str, name: str) -> str:
    return f"{region} · {name}"
