"""Detect time formats of a separate time column."""

import re

from tillstream.detection.sheet import Column

_CLOCK = re.compile(
    r"^[0-9]{1,2}(?P<sign>[:.h])[0-9]{2}(?P<second>[:.][0-9]{2})?(?P<fraction>\.[0-9]+)?(?P<noon>\s?[AaPp]\.?\s?[Mm]\.?)?$"
)
_COMPACT = re.compile(r"^(?:[01][0-9]|2[0-3])[0-5][0-9](?P<second>[0-5][0-9])?$")
_MAX_WORDS = 300


def clock_formats(column: Column) -> tuple[str, ...]:
    """Time formats of the column; empty if any cell is not a time."""
    formats: dict[str, None] = {}
    for word in list(column.words)[:_MAX_WORDS]:
        if match := _CLOCK.match(word):
            second = f"{match['second'][0]}%S" if match["second"] else ""
            am_pm = f"{' ' if match['noon'][0].isspace() else ''}%p" if match["noon"] else ""
            fraction = ".%f" if match["fraction"] else ""
            formats[f"{'%I' if am_pm else '%H'}{match['sign']}%M{second}{fraction}{am_pm}"] = None
        elif match := _COMPACT.match(word):
            formats["%H%M%S" if match["second"] else "%H%M"] = None
        else:
            return ()
    return tuple(formats)
