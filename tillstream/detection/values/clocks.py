"""Times that stand in a column of their own."""

import re

from tillstream.detection.sheet import Column

_CLOCK = re.compile(
    r"^[0-9]{1,2}(?P<sign>[:.h])[0-9]{2}(?P<second>[:.][0-9]{2})?(?P<fraction>\.[0-9]+)?(?P<noon>\s?[AaPp][Mm])?$"
)
_COMPACT = re.compile(r"^(?:[01][0-9]|2[0-3])[0-5][0-9](?P<second>[0-5][0-9])?$")
_FEW = 300


def clock_formats(column: Column) -> tuple[str, ...]:
    """How the times are written; nothing where they are none."""
    found: dict[str, None] = {}
    for word in list(column.words)[:_FEW]:
        if match := _CLOCK.match(word):
            second = f"{match['second'][0]}%S" if match["second"] else ""
            noon = f"{match['noon'][:-2]}%p" if match["noon"] else ""
            fraction = ".%f" if match["fraction"] else ""
            found[f"{'%I' if noon else '%H'}{match['sign']}%M{second}{fraction}{noon}"] = None
        elif match := _COMPACT.match(word):
            found["%H%M%S" if match["second"] else "%H%M"] = None
        else:
            return ()
    return tuple(found)
