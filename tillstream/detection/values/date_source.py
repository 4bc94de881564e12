"""Find the day of the sales where no single column contains it: in the file name, or in three columns."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tillstream.detection.evidence import ASSUMED, LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values import unread_dates
from tillstream.detection.values.dates import first_language
from tillstream.domain.contract.file_dates import FILE_DATE, date_in_name, days_in_name, format_error
from tillstream.domain.dates.period_names import period_of_header, period_value

KEY = "date"
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
class DateSource:
    """The settings of a contract that replace a column of dates; all empty if the day is not known."""

    header: str = ""
    """Header of the column that the reader adds."""
    file: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    """Columns that the added one is joined from."""

    def apply(self, contract: dict[str, Any]) -> None:
        """Add the settings to a contract. Sales that columns of a row identify differ between days."""
        contract["file"] = contract["file"] | self.file
        if self.made:
            contract["made"] = {**contract.get("made", {}), **self.made}
            contract["columns"]["date"] = self.header
        made_of = contract["identity"].get("made_of")
        if made_of and self.header:
            contract["identity"]["made_of"] = [*made_of, self.header]


def decide(sheet: Sheet, roles: dict[str, str], file: str, log: DetectionLog) -> DateSource:
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
    if log.answers.get("column.date") == NO_COLUMN or not (unread := unread_dates.find(sheet, roles)):
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
    language = "" if all(word.isdigit() for word in months) else first_language(set(months))
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
    answer = log.answers.get(KEY, "")
    if answer and not format_error(answer) and date_in_name(file, answer):
        log.answer(KEY)
        return DateSource(FILE_DATE, file={"date_in_name": answer})
    words = (
        "On which day were these sales made? No column contains it, so the name of each file must contain the day of "
        f"its sales, such as {_EXAMPLE}. Rename the file and read it again, or name the column of the date with "
        "column.date."
    )
    formats = formats_of(file)
    if len(formats) == 1:
        format_, text = formats[0]
        evidence = f"no column contains dates, and the name of the file contains “{text}”"
        log.add_finding(KEY, format_, evidence, LIKELY)
        return DateSource(FILE_DATE, file={"date_in_name": format_})
    if formats:
        listed = ", ".join(f"{date_in_name(file, format_)} in {format_}" for format_, _ in formats)
        log.add_question(KEY, words, tuple(format_ for format_, _ in formats), f"its name can be read as {listed}")
    else:
        log.add_question(
            KEY, words, (), f"the name of this file, {file or 'unknown'}, does not contain exactly one day"
        )
    return DateSource()


def formats_of(name: str) -> list[tuple[str, str]]:
    """The formats of the only day in a file name, with its text; several if it can be read in two orders.

    Empty if the name contains no day, or two different ones, such as those of a period.
    """
    for format_ in _FORMATS:
        if texts := _texts(name, format_):
            return [(format_, texts[0])] if len(texts) == 1 else []
    for pair in _OF_TWO_ORDERS:
        readings = [(format_, texts[0]) for format_ in pair if (texts := _texts(name, format_))]
        if readings:
            days = {date_in_name(name, format_) for format_, _ in readings}
            return readings if len(days) > 1 else readings[:1]
    return []


def _texts(name: str, format_: str) -> list[str]:
    """The different days of this format in a name, as texts."""
    days = {day: text for text, day in days_in_name(name, format_) if day.year in _YEARS}
    return list(days.values())
