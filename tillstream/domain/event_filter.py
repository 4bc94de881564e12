"""Filters of sale events: `region=UK store=LON1,LON2 category="Home ware"`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.domain.errors import Rejected

NAMES = ("type", "region", "store_id", "category", "channel", "status")
"""Attributes of a sale event."""
OTHER_NAMES = {"store": "store_id"}
MAX_LETTERS = 1_000
_TERM = re.compile(r'\s*([a-z_]+)=("[^"]*"|[^\s"]+)(?=\s|$)')


@dataclass(frozen=True)
class EventFilter:
    """Selects events by their attributes: each name must have one of its values. Empty: all events."""

    values: Mapping[str, frozenset[str]]

    def matches(self, attributes: Mapping[str, str]) -> bool:
        return all(attributes.get(name, "") in wanted for name, wanted in self.values.items())


def parse_filter(text: str) -> EventFilter:
    """Parse a filter. Raises `Rejected` for an unknown name, a name that occurs twice, and any other text."""
    if len(text) > MAX_LETTERS:
        raise Rejected(f"A filter has at most {MAX_LETTERS} letters.")
    values: dict[str, frozenset[str]] = {}
    rest = text.strip()
    while rest:
        term = _TERM.match(rest)
        if term is None:
            raise Rejected(f"“{rest[:60]}” is not a filter. Write it like region=UK store=LON1.")
        name = OTHER_NAMES.get(term[1], term[1])
        if name not in NAMES:
            raise Rejected(f"Events cannot be filtered by “{term[1]}”. Use one of: store, {', '.join(NAMES)}.")
        if name in values:
            raise Rejected(f"The filter has “{term[1]}” twice. Write several values with commas: {term[1]}=A,B.")
        values[name] = frozenset(term[2].strip('"').split(","))
        rest = rest[term.end() :].strip()
    return EventFilter(values)
