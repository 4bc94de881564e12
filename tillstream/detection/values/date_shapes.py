"""Shapes of dates in texts, and the strptime formats that read them."""

import re

from tillstream.domain.dates import zone_words

_AT = r"at|um|à|a las|às|as|alle ore|alle|ore|om|klo|kl\.?|w|godz\.?|в|о|στις|pukul|lúc|[-–|]"
"""What is written between a date and its time."""
_HALF = "오전|오후|上午|下午|午前|午後"
"""Names before a time, as AM and PM are written after it."""
_TIME = (
    rf"(?P<gap>,?[ T_]+(?:(?i:{_AT}) +)?|:| ?\()(?:(?P<half>{_HALF})(?P<after_half> ?))?(?P<hour>[0-9]{{1,2}})"
    r"(?P<colon>[:.h時时点點]|시 ?)(?P<minute>[0-9]{1,2}(?=[分분])|[0-9]{2})"
    r"(?:(?P<before_second>[:.]|分|분 ?)(?P<second>[0-9]{2}|[0-9](?=[秒초])))?"
    r"(?P<fraction>\.[0-9]{1,9})?(?P<noon>\s?[AaPp]\.?\s?[Mm]\.?)?"
    rf"(?P<before_zone> ?)(?P<zone>(?i:{zone_words.PATTERN}))?"
    r"(?P<end_of_time> ?(?i:uhr|hs\.?|hrs?\.?|h|น\.)|[)分분秒초]| \([^()%]+\))?"
)
NUMERIC = re.compile(
    rf"^(?P<a>[0-9]{{1,4}})(?P<s>[-/年]|\. ?)(?P<b>[0-9]{{1,2}})(?P<t>[-/月]|\. ?)"
    rf"(?P<c>[0-9]{{1,4}})(?P<end>[日.]?)(?:{_TIME})?$"
)
COMPACT = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?:{_TIME})?$")
_CLOCK_DIGITS = (
    rf"(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}})?(?P<zone>(?i:{zone_words.PATTERN}))?"
)
COMPACT_TIME = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?P<gap>T| ){_CLOCK_DIGITS}$")
DIGITS = re.compile(rf"^(?P<whole>(?:19|20)[0-9]{{6}})(?P<gap>){_CLOCK_DIGITS}$")
"""Date and time without separators, as 20260301081909."""
RUN = re.compile(r"^(?P<a>[0-9]{2})(?P<s>)(?P<b>[0-9]{2})(?P<t>)(?P<c>[0-9]{4}|[0-9]{2})$")
"""Day, month and year without separators, as 02032026 or 020326."""
_ORDINAL = "st|nd|rd|th|er|º|ª"
_NAMED = re.compile(
    rf"^(?P<a>[0-9]{{1,2}})(?P<ordinal>{_ORDINAL})?(?P<s>\.? |-|/|\.| de | di | of |)(?P<b>[^\W\d_]{{3,12}}\.?)"
    rf"(?P<t> |-|/|, |\.| de | del |)(?P<c>[0-9]{{4}}|[0-9]{{2}})(?P<end> ?[гр]\.?)?(?:{_TIME})?$"
)
_NAMED_FIRST = re.compile(
    rf"^(?P<b>[^\W\d_]{{3,12}}\.?)(?P<s> |-|/)(?P<a>[0-9]{{1,2}})(?P<ordinal>{_ORDINAL})?(?P<t>,? |-|/)"
    rf"(?P<c>[0-9]{{4}}|[0-9]{{2}})(?P<end>)(?:{_TIME})?$"
)
_NAMED_LAST = re.compile(
    rf"^(?P<c>[0-9]{{4}})(?P<s>\.? |-|/)(?P<b>[^\W\d_]{{3,12}}\.?)(?P<t> |-|/)(?P<a>[0-9]{{1,2}})(?P<end>\.?)"
    rf"(?:{_TIME})?$"
)
_YEAR_LAST = re.compile(
    rf"^(?P<b>[^\W\d_]{{3,12}})(?P<s> )(?P<a>[0-9]{{1,2}}){_TIME}(?P<before_year> )(?P<c>[0-9]{{4}})$"
)
"""A time before the year, as Mar 1 08:19:09 2026."""
WITH_NAMES = (_NAMED, _NAMED_FIRST, _NAMED_LAST, _YEAR_LAST)
UNIX = re.compile(r"^(?:1[0-9]{9}|1[0-9]{12})$")
"""Seconds or milliseconds since 1970, from 2001 to 2033."""
SERIAL = re.compile(r"^[2-6][0-9]{4}(?P<part>\.[0-9]+)?$")


def named_format(match: re.Match[str]) -> str:
    """The format of a date with the name of its month."""
    parts = match.groupdict()
    year = "%Y" if len(match["c"]) == 4 else "%y"
    day = f"%d{parts.get('ordinal') or ''}"
    if "before_year" in parts:
        return f"%b{match['s']}{day}{clock_format(match)}{match['before_year']}{year}"
    if match.start("c") < match.start("b"):
        return f"{year}{match['s']}%b{match['t']}{day}{match['end']}{clock_format(match)}"
    first, second = ("%b", day) if match.start("b") < match.start("a") else (day, "%b")
    return f"{first}{match['s']}{second}{match['t']}{year}{match['end'] or ''}{clock_format(match)}"


def clock_format(match: re.Match[str]) -> str:
    """The format of the time after a date; empty without one."""
    if not match["hour"]:
        return ""
    am_pm, colon = match["noon"] or "", match["colon"]
    half = f"%p{match['after_half']}" if match["half"] else ""
    second = f"{match['before_second']}%S" if match["second"] else ""
    fraction = ".%f" if match["fraction"] else ""
    suffix = f"{' ' if am_pm[:1].isspace() else ''}%p" if am_pm else ""
    zone = f"{match['before_zone']}%z" if match["zone"] else ""
    end = ("" if match["zone"] else match["before_zone"]) + (match["end_of_time"] or "")
    return f"{match['gap']}{half}{'%I' if am_pm or half else '%H'}{colon}%M{second}{fraction}{suffix}{zone}{end}"
