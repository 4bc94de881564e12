"""Columns of the same name, of which the later ones are called by their place: Total, Total (8)."""

import re

from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Sheet

_NUMBERED = re.compile(r"(?P<name>.+) \((?P<place>[0-9]+)\)")


def decide(sheet: Sheet, log: DetectionLog) -> dict[str, str]:
    """The settings of the contract's `file` for a header in which a name occurs twice."""
    for name in sheet.repeated:
        log.add_finding("header", name, f"{name or 'an empty name'} occurs twice in the header", LIKELY)
    numbered = [(name, match["name"]) for name in sheet.names if (match := _NUMBERED.fullmatch(name))]
    later = [name for name, first in numbered if first in sheet.columns]
    if later:
        evidence = f"a name occurs twice in the header, so the later columns are called {', '.join(later)}"
        log.add_finding("repeated_names", "number", evidence, LIKELY)
    return {"repeated_names": "number"} if later else {}
