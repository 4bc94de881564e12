"""Columns of the same name, of which the later ones are called by their place: Total, Total (8)."""

import re
from itertools import islice

from tillstream.detection.columns.roles import NUMERIC
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
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


def ask(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> None:
    """Ask `column.ROLE` about numbers whose name occurs twice, unless arithmetic proves it or both are equal."""
    for role, name in roles.items():
        if role not in NUMERIC:
            continue
        match = _NUMBERED.fullmatch(name)
        first = match["name"] if match and match["name"] in sheet.columns else name
        twins = [other for other in sheet.names if other.startswith(f"{first} (") and _NUMBERED.fullmatch(other)]
        names = [one for one in (first, *twins) if one == name or one not in roles.values()]
        key = f"column.{role}"
        proved = any(finding.about == key and finding.sure == "certain" for finding in log.findings)
        if proved or key in log.answers or len({sheet.columns[one].cells for one in names}) < 2:
            continue
        shown = "; ".join(f"{one} begins with {', '.join(islice(sheet.columns[one].words, 3))}" for one in names)
        words = f"Which column is the {role.replace('_', ' ')}? The name {first} occurs twice."
        log.add_question(key, words, (*names, NO_COLUMN), shown)
