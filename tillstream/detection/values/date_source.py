"""Find the day of the sales where no column can be read as it: in the file name, or in three columns."""

import re
from dataclasses import dataclass, field
from datetime import date

from tillstream.detection.evidence import ASSUMED, LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values import date_profile
from tillstream.detection.values.dates import first_language_of_months
from tillstream.detection.words.headers import match_header
from tillstream.model.contract_patterns import FILE_DATE, date_format_error, date_in_name, days_in_name
from tillstream.model.date_words import ascii_digits, period_of_header, period_value
from tillstream.model.document_json import JsonObject

_MAX_WORDS = 2_000
_MIN_DATE_SHARE, _MIN_DAY_SHARE = 0.8, 0.02
_THREE_NUMBERS = re.compile(r"^([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})$")
_DAY_AND_MONTH = re.compile(r"^[0-9]{1,2}([./-])[0-9]{1,2}\1?$")
_NAME_AND_NUMBER = re.compile(
    r"^(?:(?P<day>[0-9]{1,2})[-. /]{1,2})?(?P<name>[^\W\d_]{3,12})\.?(?:[-. ,/'’]{1,2}(?P<number>[0-9]{1,4}))?$"
)
_WEEK = re.compile(
    r"^(?:[0-9]{4}[-/ ]?)?(?:W|KW|CW|week|uge|vecka|semaine|S)[- ]?[0-9]{1,2}(?:[-/ ][0-9]{4})?$", re.IGNORECASE
)

DATE_KEY = "date"
_FORMATS = (
    *(f"%Y{sign}%m{sign}%d" for sign in ("-", "_", ".", " ", "")),
    "%d.%m.%Y",
    "%d.%m.%y",
    *(f"%d{sign}%b{sign}%{year}" for sign in ("-", " ", "_", ".", "") for year in "Yy"),
    *(f"%d{sign}%B{sign}%Y" for sign in ("-", " ", "_")),
    *(f"%b{sign}%d{sign}%Y" for sign in ("-", " ", "_")),
)
_OF_TWO_ORDERS = tuple((f"%d{sign}%m{sign}%Y", f"%m{sign}%d{sign}%Y") for sign in ("-", "_", " "))
_DAYS = frozenset({"day", "dayofmonth", "tag", "jour", "día", "dia", "giorno", "dag", "dzień", "gün", "日"})
_YEARS = range(2000, 2100)
_EXAMPLE = "sales_2026-03-14.csv"


@dataclass(frozen=True)
class UnreadDate:
    """A column that seems to be a date."""

    column: SampleColumn
    example: str
    """A cell that cannot be read."""
    reason: str


def find_unread_date(sheet: Sheet, roles: dict[str, str]) -> UnreadDate | None:
    """The column that is most likely the date of the sale; None if no column seems to be one."""
    columns = [column for column in sheet.columns.values() if column.filled]
    free = [column for column in columns if column.name not in roles.values()]
    called = [column for column in free if is_date_header(column.name)]
    candidates = (
        *(_unread(column, called=True) for column in called),
        *(_unread(column) for column in free),
        *(_among_others(column) for column in columns),
    )
    return next((one for one in candidates if one), None)


def is_date_header(name: str) -> bool:
    """Whether a name means the date of a sale, or a period."""
    return any(match.role == "date" for match in match_header(name)) or period_of_header(name) is not None


def _unread(column: SampleColumn, *, called: bool = False) -> UnreadDate | None:
    """The column if most of its cells look like dates, or, if it is called so, any has a number."""
    words = list(column.words)[:_MAX_WORDS]
    reasons = {word: reason for word in words if (reason := _unread_reason(word, called=called))}
    if called and not reasons:
        unparsed = date_profile.profile_dates(column, few=True).unparsed
        reasons = {word: "the format is not known" for word in unparsed if any(map(str.isdigit, word))}
    elif not called and sum(column.words[word] for word in reasons) < _MIN_DATE_SHARE * sum(
        column.words[word] for word in words
    ):
        return None
    return next((UnreadDate(column, word, reason) for word, reason in reasons.items()), None)


def _unread_reason(word: str, *, called: bool) -> str:
    """Why a cell that looks like a date is no day; empty if it does not look like one."""
    text = ascii_digits(word)
    if match := _THREE_NUMBERS.match(text):
        year = next((part for part in (match[1], match[4]) if len(part) > 2), "")
        if year and not 1900 <= int(year) <= 2100 and int(match[3]) <= 12:
            return f"the year {year} is of a calendar that is not known"
        return ""
    if (match := _NAME_AND_NUMBER.match(text)) and date_profile.is_month_name(match["name"]):
        if match["number"] and len(match["number"]) == 4 and not match["day"]:
            return "they have no day"
        return "" if match["day"] and match["number"] else "they have no year" if any(map(str.isdigit, text)) else ""
    if _WEEK.match(text) and any(map(str.isdigit, text)):
        return "they are weeks"
    return "they have no year" if called and _DAY_AND_MONTH.match(text) else ""


def _among_others(column: SampleColumn) -> UnreadDate | None:
    """A column in which some cells are days and the others something else, as headings above the sales of a day."""
    profile = date_profile.profile_dates(column, few=True)
    days = [word for word in list(column.words)[:200] if word not in set(profile.unparsed)]
    rows = sum(column.words[word] for word in days)
    if len(days) < 2 or rows < _MIN_DAY_SHARE * column.filled or not profile.unparsed:
        return None
    return UnreadDate(column, profile.unparsed[0], f"only some cells are days, such as “{days[0]}”")


@dataclass(frozen=True)
class DateSource:
    """The settings of a contract that replace a column of dates; all empty if the day is not known."""

    header: str = ""
    """Header of the column that the reader adds."""
    file: JsonObject = field(default_factory=dict)
    made: JsonObject = field(default_factory=dict)
    dates: JsonObject = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    """Columns that the added one is joined from."""

    def apply(self, contract: JsonObject) -> None:
        """Add the settings to a contract. Sales that columns of a row identify differ between days."""
        contract["file"] = contract["file"] | self.file
        if self.made:
            contract["made"] = {**contract.get("made", {}), **self.made}
            contract["columns"]["date"] = self.header
        made_of = contract["identity"].get("made_of")
        if made_of and self.header:
            contract["identity"]["made_of"] = [*made_of, self.header]


def detect_date_source(sheet: Sheet, roles: dict[str, str], file: str, log: DetectionLog) -> DateSource:
    """The source of the day of a file without a column of dates. file: its name. Asks `date`, or `column.date` if a
    column seems to be the date and cannot be read."""
    if any(question.key == "column.date" for question in log.questions):
        return DateSource()
    source = _joined(sheet, roles, log)
    if source is None:
        if _ask_unread(sheet, roles, log):
            return DateSource()
        source = _in_name(file, log)
    if source.file and "sale_id" in roles:
        name = roles["sale_id"]
        evidence = f"check that the numbers of {name} do not start again in the file of the next day"
        log.add_finding("identity.ids", name, evidence, ASSUMED)
    return source


def _ask_unread(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> bool:
    """Ask `column.date` about a column of dates that cannot be read. A day for the whole file would be wrong."""
    if log.answers.get("column.date") == NO_COLUMN or not (unread := find_unread_date(sheet, roles)):
        return False
    name, example = unread.column.name, unread.example
    words = (
        f"Does {name} contain the date of the sale? Cells such as “{example}” cannot be read as days: {unread.reason}. "
        "If it does, write the dates in full, such as 2026-03-14, one in each row, and read the file again."
    )
    evidence = f"no other column contains dates; {name} has {len(unread.column.words):,} different values"
    none = f"{name} does not contain the date of the sale"
    log.add_question("column.date", words, (NO_COLUMN,), evidence, unread.column.first_lines(example), none=none)
    return True


def _joined(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> DateSource | None:
    """A column joined from those of the year, the month and the day."""
    names = _parts(sheet)
    if names is None:
        return None
    year, month, day = names
    months = sheet.columns[month].words
    language = "" if all(word.isdigit() for word in months) else first_language_of_months(set(months))
    if language is None:
        return None
    header = "-".join(names)
    style = {"formats": [f"%Y-{'%b' if language else '%m'}-%d"], "language": language}
    evidence = f"{year}, {month} and {day} together are the day of the sale in all {sheet.rows:,} sampled rows"
    log.add_finding("column.date", header, evidence, LIKELY)
    for role in [role for role, name in roles.items() if name in names]:
        del roles[role]
    return DateSource(header, made={header: {"join": list(names), "between": "-"}}, dates=style, parts=names)


def _parts(sheet: Sheet) -> tuple[str, str, str] | None:
    """The columns of year, month and day by their names, if every row has a valid day."""
    kinds = {period_of_header(name): name for name in reversed(sheet.names)}
    day = next((name for name in sheet.names if re.sub(r"[\W_]", "", name.casefold()) in _DAYS), "")
    if not day or not {"year", "month"} <= kinds.keys():
        return None
    names = (kinds["year"], kinds["month"], day)
    cells = set(zip(*(sheet.columns[name].cells for name in names), strict=True))
    return names if cells and all(_is_day(*parts) for parts in cells) else None


def _is_day(year: str, month: str, day: str) -> bool:
    number = period_value("month", month)
    try:
        date(int(year), number or 0, int(day))
    except ValueError:
        return False
    return year.isdigit() and day.isdigit() and int(year) in _YEARS


def _in_name(file: str, log: DetectionLog) -> DateSource:
    answer = log.answers.get(DATE_KEY, "")
    if answer and not date_format_error(answer) and date_in_name(file, answer):
        log.answer(DATE_KEY)
        return DateSource(FILE_DATE, file={"date_in_name": answer})
    words = (
        "On which day were these sales made? No column contains it, so the name of each file must contain the day of "
        f"its sales, such as {_EXAMPLE}. Rename the file and read it again, or name the column of the date with "
        "column.date."
    )
    formats = date_formats_in_name(file)
    if len(formats) == 1:
        format_, text = formats[0]
        evidence = f"no column contains dates, and the name of the file contains “{text}”"
        log.add_finding(DATE_KEY, format_, evidence, LIKELY)
        return DateSource(FILE_DATE, file={"date_in_name": format_})
    if formats:
        listed = ", ".join(f"{date_in_name(file, format_)} in {format_}" for format_, _ in formats)
        log.add_question(DATE_KEY, words, tuple(format_ for format_, _ in formats), f"its name can be read as {listed}")
    else:
        log.add_question(
            DATE_KEY, words, (), f"the name of this file, {file or 'unknown'}, does not contain exactly one day"
        )
    return DateSource()


def date_formats_in_name(name: str) -> list[tuple[str, str]]:
    """The formats of the only day in a file name, with its text; several if it can be read in two orders.

    Empty if the name contains no day, or two different ones, such as those of a period.
    """
    for format_ in _FORMATS:
        if texts := _texts_of_column(name, format_):
            return [(format_, texts[0])] if len(texts) == 1 else []
    for pair in _OF_TWO_ORDERS:
        readings = [(format_, texts[0]) for format_ in pair if (texts := _texts_of_column(name, format_))]
        if readings:
            days = {date_in_name(name, format_) for format_, _ in readings}
            return readings if len(days) > 1 else readings[:1]
    return []


def _texts_of_column(name: str, format_: str) -> list[str]:
    """The different days of this format in a name, as texts."""
    days = {day: text for text, day in days_in_name(name, format_) if day.year in _YEARS}
    return list(days.values())
