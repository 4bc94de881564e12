"""Words for an offset from UTC, written after a time: PST, CEST, UTC+1."""

import re

OFFSETS = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120,
    "eest": 180, "pst": -480, "pdt": -420, "mst": -420, "mdt": -360, "est": -300, "edt": -240, "jst": 540,
}  # fmt: skip
"""Word → minutes. Words of several zones are not among them: CST is a time in Chicago and in Shanghai, BST in London
and in Dhaka, IST in Mumbai, Dublin and Jerusalem."""
PATTERN = "|".join((r"(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-5][0-9])?", *sorted(OFFSETS, key=len, reverse=True)))
"""Regular expression of an offset in lower case."""
_NUMBER = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})?$")


def offset_minutes(text: str) -> int:
    """The offset of a text that matches `PATTERN`, in any case."""
    match = _NUMBER.search(text)
    if match is None:
        return OFFSETS[text.casefold()]
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return minutes if match[1] == "+" else -minutes
