"""Assign roles to columns by header name and cell values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Protocol, TypeVar

from tillstream.detection.columns import status_columns
from tillstream.detection.evidence import CERTAIN, CONFIRM_COLUMN, LIKELY, NO_COLUMN, DetectionLog, percentage
from tillstream.detection.sheet import SampleColumn, Sheet, without_repetitions
from tillstream.detection.values import date_profile, numbers
from tillstream.detection.values.date_profile import clock_formats
from tillstream.detection.values.numbers import NumberProfile, units_of_column
from tillstream.detection.words.headers import CLEAR, HeaderMatch, header_evidence, is_rate_header, match_header
from tillstream.detection.words.status_words import flagged_status
from tillstream.model.contract import whole_id_pattern

RankedMatch = TypeVar("RankedMatch")
_TOTAL_ROLES = frozenset({"amount", "net_amount", "gross_amount"})
_NEVER_EMPTY = _TOTAL_ROLES | {
    "sale_id", "line_key", "store_id", "date", "time", "quantity", "unit_price", "product_id", "product_name",
}  # fmt: skip
"""Roles for which an empty column is no candidate; other columns may have their first value in a later file."""
_RANKED_ROLES = _TOTAL_ROLES | {"sale_id", "date", "product_id", "product_name"}
_MIN_DENSITY = 0.5
"""Share of the cells of the best candidate that the others must have filled."""
_MIN_ROWS, _LEAST_OF_A_KIND = 10, 4
_WHOLE_NUMBER = re.compile(whole_id_pattern("[.,]"))

NUMERIC_ROLES = frozenset(
    {"quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "amount", "unit_cost"}
)
MONEY_ROLES = NUMERIC_ROLES - {"quantity"}
_TEXT_ROLES = frozenset({"category", "product_name", "customer_name", "country", "channel"})
_INTEGER_ROLES = frozenset({"line_key", "source_version"})
_UNDECIDED = frozenset({"amount", "time", "discount_rate", "tax_rate"})
_MIN_SHARE = 0.8
"""Minimum share of cells that match the role; the rest are missing-value words or errors."""
_MIN_UNIX_SHARE = 0.95
_CREATION_TIME = re.compile(r"creat|stamp|epoch|unix", re.IGNORECASE)
"""Names of times that programs write as numbers."""

_NUMBERED_NAME = re.compile(r"(?P<name>.+) \((?P<place>[0-9]+)\)")


class RankedColumn(Protocol):
    """A column with the profile of its numbers."""

    @property
    def column(self) -> SampleColumn: ...

    @property
    def numbers(self) -> NumberProfile: ...


def can_have_role(role: str, profile: RankedColumn) -> bool:
    """Whether a column of a fitting name can have the role at all."""
    if not profile.column.filled:
        return role not in _NEVER_EMPTY
    if role in _TOTAL_ROLES and profile.column.filled >= _MIN_ROWS and _is_flag(profile.column):
        return False
    numbers = profile.numbers
    is_amount = (
        numbers.share > _MIN_DENSITY and (numbers.decimal or numbers.signs) and not _is_number_of_sales(profile.column)
    )
    return role != "sale_id" or not (is_amount or _has_kinds(profile.column))


def _is_number_of_sales(column: SampleColumn) -> bool:
    """Whether whole numbers, some with decimal zeros such as 1.00, number sales: equal ones are in adjacent rows."""
    is_in_blocks = len(without_repetitions(filter(None, column.cells))) == len(column.words) > 1
    return is_in_blocks and all(map(_WHOLE_NUMBER.fullmatch, column.words))


def _has_kinds(column: SampleColumn) -> bool:
    """Whether the cells are a few words that recur, such as Sale and Refund, and no numbers or codes."""
    digits = sum(count for word, count in column.words.items() if any(map(str.isdigit, word)))
    return column.filled >= _MIN_ROWS and not digits and len(column.words) * _LEAST_OF_A_KIND <= column.filled


def _is_flag(column: SampleColumn) -> bool:
    """Whether a column contains only zeros, or only 0 and 1, such as the mark of amounts without tax."""
    return set(column.words) <= {"0", "1"} or not any(word.strip("0.,") for word in column.words)


def dense_matches(
    role: str, matches: list[tuple[RankedMatch, str]], profiles: Mapping[str, RankedColumn]
) -> list[tuple[RankedMatch, str]]:
    """The matches without those that are much emptier than another, or that have one value where another has many."""
    if role not in _RANKED_ROLES or len(matches) < 2:
        return matches
    columns = {name: profiles[name].column for _, name in matches}
    filled = max(column.filled for column in columns.values())
    varied = filled >= _MIN_ROWS and any(len(column.words) > 1 for column in columns.values())
    return [
        (match, name)
        for match, name in matches
        if columns[name].filled >= _MIN_DENSITY * filled and not (varied and len(columns[name].words) < 2)
    ]


def without_equivalent_columns(
    matches: list[tuple[RankedMatch, str]], profiles: Mapping[str, RankedColumn]
) -> list[tuple[RankedMatch, str]]:
    """The matches without columns of which each value belongs to one value of another match, and the other way.

    Both identify the same sales then. The one with the longer values remains, because short numbers may start again in
    another file. A few values may belong together by chance, so these columns remain.
    """
    kept: list[tuple[RankedMatch, str]] = []
    for match, name in sorted(matches, key=lambda one: -min(map(len, profiles[one[1]].column.words), default=0)):
        column = profiles[name].column
        if len(column.words) < _MIN_ROWS or not any(_is_one_to_one(profiles[one].column, column) for _, one in kept):
            kept.append((match, name))
    return [one for one in matches if one in kept]


def _is_one_to_one(first: SampleColumn, second: SampleColumn) -> bool:
    pairs = set(zip(first.cells, second.cells, strict=True))
    return len(pairs) == len(set(first.cells)) == len(set(second.cells))


@dataclass(frozen=True)
class ColumnProfile:
    """A column with lazily computed profiles of its cells."""

    column: SampleColumn

    @cached_property
    def numbers(self) -> numbers.NumberProfile:
        return numbers.profile_numbers(self.column)

    @cached_property
    def dates(self) -> date_profile.DateProfile:
        return date_profile.profile_dates(self.column, serial=self._may_be_number_of_date)

    @cached_property
    def _may_be_number_of_date(self) -> bool:
        name = self.column.name
        return bool(_CREATION_TIME.search(name)) or any(match.role == "date" for match in match_header(name))

    @cached_property
    def may_be_unix(self) -> bool:
        """Whether the cells are seconds or milliseconds since 1970, by its name and values."""
        named = self.dates.named.keys()
        return bool(named) and named <= {"unix", "unix-ms"} and self.dates.share >= _MIN_UNIX_SHARE

    @cached_property
    def may_be_date(self) -> bool:
        return bool(self.column.filled) and date_profile.profile_dates(self.column, few=True).share >= _MIN_SHARE

    @cached_property
    def units(self) -> tuple[str, ...]:
        return units_of_column(self.column) if self.numbers.share < _MIN_SHARE else ()

    def can_be(self, role: str) -> bool:
        """Whether the cells fit the role; an empty column fits every role but the date."""
        if not self.column.filled:
            return role != "date"
        if role == "quantity" and self.units:
            return True
        if role in NUMERIC_ROLES | _INTEGER_ROLES | {"discount_rate"}:
            return self.numbers.share >= _MIN_SHARE and not (self.numbers.percent and role in MONEY_ROLES)
        checks = {
            "date": lambda: (
                self.may_be_date or date_profile.profile_dates(self.column, few=True, serial=True).share >= _MIN_SHARE
            ),
            "time": lambda: clock_formats(self.column) != (),
        }
        return checks[role]() if role in checks else not (self.may_be_date and role)


def profile_columns(sheet: Sheet) -> dict[str, ColumnProfile]:
    return {name: ColumnProfile(column) for name, column in sheet.columns.items()}


def assign_roles(column_profiles: dict[str, ColumnProfile], log: DetectionLog) -> dict[str, str]:
    """Role → header. Asks `column.ROLE` if several headers match a role equally well."""
    answered = _answered_columns(column_profiles, log)
    candidates = _candidates(column_profiles, answered, log)
    assigned = dict(answered)
    used = set(answered.values()) | _irrelevant_columns(candidates)
    order = sorted(candidates, key=lambda role: -max(match.clarity for match, _ in candidates[role]))
    for role in order:
        matches = dense_matches(role, [each for each in candidates[role] if each[1] not in used], column_profiles)
        if role in _TEXT_ROLES:
            matches.sort(key=lambda each: column_profiles[each[1]].numbers.share > _MIN_SHARE)
        if role == "sale_id" and matches:
            best = max(match.clarity for match, _ in matches)
            clear = [one for one in matches if one[0].clarity == best]
            matches = without_equivalent_columns(clear, column_profiles)
        _assign_role(role, matches, column_profiles, assigned, used, log)
    if "date" not in assigned and log.answers.get("column.date") != NO_COLUMN:
        _assign_date_by_values(column_profiles, used, assigned, log)
    _ask_unreadable_amounts(column_profiles, used, assigned, log)
    _assign_status(column_profiles, assigned, log)
    return assigned


def _candidates(
    column_profiles: dict[str, ColumnProfile], answered: dict[str, str], log: DetectionLog
) -> dict[str, list[tuple[HeaderMatch, str]]]:
    """Role → the columns whose names and cells fit it; the empty role is that of irrelevant columns."""
    candidates: dict[str, list[tuple[HeaderMatch, str]]] = {}
    excluded = {key.removeprefix("column.") for key, answer in log.answers.items() if answer == NO_COLUMN}
    for name, profile in column_profiles.items():
        for match in match_header(name) if name not in answered.values() else ():
            role = match.role
            if role == "discount" and (is_rate_header(name) or profile.numbers.percent):
                role = "discount_rate"
            if role == "tax" and profile.numbers.percent:
                role = "tax_rate"
            if role in {"status", *answered, *excluded}:
                continue
            if profile.can_be(role) and can_have_role(role, profile):
                candidates.setdefault(role, []).append((match, name))
    return candidates


def _assign_status(column_profiles: dict[str, ColumnProfile], assigned: dict[str, str], log: DetectionLog) -> None:
    """Choose the status among the columns without a role, those included whose names are known to be irrelevant."""
    if "status" in assigned or log.answers.get("column.status") == NO_COLUMN:
        return
    status_columns.assign_status(status_candidates(column_profiles, assigned), assigned, log)


def status_candidates(
    column_profiles: Mapping[str, ColumnProfile], assigned: Mapping[str, str]
) -> dict[str, SampleColumn]:
    """The columns without a role that may be a status."""
    return {
        name: profile.column
        for name, profile in column_profiles.items()
        if name not in assigned.values() and (flagged_status(name) or not profile.may_be_date)
    }


def _answered_columns(column_profiles: dict[str, ColumnProfile], log: DetectionLog) -> dict[str, str]:
    """Role → column from the user's answers."""
    answered = {}
    for key in log.answers:
        kind, _, role = key.partition(".")
        if kind == "column" and role:
            name = log.answer(key) or ""
            if name in column_profiles:
                answered[role] = name
    return answered


def _irrelevant_columns(candidates: dict[str, list[tuple[HeaderMatch, str]]]) -> set[str]:
    """Columns whose header matches no role of a sale line; removes them from `candidates`."""
    with_role = {name for role, matches in candidates.items() if role for _, name in matches}
    return {name for _, name in candidates.pop("", [])} - with_role


def _assign_role(
    role: str,
    candidates: list[tuple[HeaderMatch, str]],
    column_profiles: Mapping[str, ColumnProfile],
    assigned: dict[str, str],
    used: set[str],
    log: DetectionLog,
) -> None:
    if not candidates or log.answers.get(f"column.{role}") == "-":
        return
    best = max(match.clarity for match, _ in candidates)
    best_matches = [(match, name) for match, name in candidates if match.clarity == best]
    match, name = best_matches[0]
    names = tuple(name for _, name in best_matches)
    if len(best_matches) > 1 and role in NUMERIC_ROLES | {"date", "sale_id", "line_key"} and role != "amount":
        words = f"Which column is the {role.replace('_', ' ')}?"
        log.add_question(f"column.{role}", words, (*names, NO_COLUMN), f"the names of {', '.join(names)} are similar")
    elif len(best_matches) > 1 and (best < CLEAR or (role == "amount" and _differ(column_profiles, names))):
        return
    assigned[role] = name
    used.add(name)
    if role in _UNDECIDED:
        return
    alternatives = f"; {', '.join(names[1:])} are also possible" if len(names) > 1 else ""
    log.add_finding(
        f"column.{role}", name, header_evidence(name, match.synonym) + alternatives, best if len(names) == 1 else LIKELY
    )


def _differ(column_profiles: Mapping[str, ColumnProfile], names: Iterable[str]) -> bool:
    """Whether columns contain different cells, so that only arithmetic or a person can choose one."""
    return len({column_profiles[name].column.cells for name in names}) > 1


def _assign_date_by_values(
    column_profiles: dict[str, ColumnProfile], used: set[str], assigned: dict[str, str], log: DetectionLog
) -> None:
    """Use the only column with dates as the date, regardless of its name."""
    unused = {name: profile for name, profile in column_profiles.items() if name not in used}
    names = [name for name, profile in unused.items() if profile.may_be_date]
    names = names or [name for name, profile in unused.items() if profile.may_be_unix]
    dates = [name for name, profile in column_profiles.items() if profile.may_be_date]
    if len(names) == 1:
        assigned["date"] = names[0]
        used.add(names[0])
        others = ", ".join(name for name in dates if name != names[0])
        evidence = f"the names of {others} mean no sale date" if others else "it is the only column of dates"
        log.add_finding("column.date", names[0], evidence, CERTAIN - 0.05)
    elif choices := names or [name for name in dates if name not in assigned.values()]:
        words = "Which column is the date of the sale?"
        verb = "contains" if len(choices) == 1 else "contain"
        log.add_question("column.date", words, (*choices, NO_COLUMN), f"{', '.join(choices)} {verb} dates")


def _ask_unreadable_amounts(
    column_profiles: dict[str, ColumnProfile], used: set[str], assigned: dict[str, str], log: DetectionLog
) -> None:
    """Ask about columns that are named like an amount but do not contain numbers."""
    for name, profile in column_profiles.items():
        roles = {match.role for match in match_header(name) if match.clarity == CLEAR} & NUMERIC_ROLES
        role = next(iter(roles), "")
        if name in used or not role or not profile.column.filled or profile.numbers.percent:
            continue
        if role not in assigned and f"column.{role}" not in log.answers and not profile.can_be(role):
            words = f"Is {name} the {role.replace('_', ' ')}?"
            numeric = sum(count for word, count in profile.column.words.items() if numbers.looks_like_number(word))
            evidence = f"{percentage(numeric / profile.column.filled)} of its filled cells are numbers"
            log.add_question(
                f"column.{role}",
                words,
                (name, "-"),
                evidence,
                profile.column.first_lines(*profile.numbers.unparsed[:1]),
                none="no",
                kind=CONFIRM_COLUMN,
            )


def number_style_columns(
    role_columns: Mapping[str, str], profiles: Mapping[str, ColumnProfile]
) -> list[tuple[SampleColumn, NumberProfile]]:
    """Money and quantity columns; if they leave the number style open, or none is money, also the other numbers.

    Without a column of money, the other numbers include those with separators that may be those of thousands.
    """
    has_money = bool(MONEY_ROLES & role_columns.keys())
    mapped = [profiles[role_columns[role]] for role in sorted(NUMERIC_ROLES & role_columns.keys())]
    columns = [(one.column, one.numbers) for one in mapped]
    is_clear = has_money and not any(numbers.ambiguous for _, numbers in columns)
    if is_clear or any(numbers.decimal or numbers.thousands for _, numbers in columns):
        return columns
    for name, one in profiles.items():
        if name in role_columns.values() or one.numbers.share <= 0.95:
            continue
        if one.numbers.decimal or (not has_money and (one.numbers.thousands or one.numbers.ambiguous)):
            columns.append((one.column, one.numbers))
    return columns


def header_settings(sheet: Sheet, log: DetectionLog) -> dict[str, str]:
    """The settings of the contract's `file` for a header in which a name occurs twice."""
    for name in sheet.repeated:
        log.add_finding("header", name, f"{name or 'an empty name'} occurs twice in the header", LIKELY)
    numbered = [(name, match["name"]) for name in sheet.names if (match := _NUMBERED_NAME.fullmatch(name))]
    later = [name for name, first in numbered if first in sheet.columns]
    if later:
        evidence = f"a name occurs twice in the header, so the later columns are called {', '.join(later)}"
        log.add_finding("repeated_names", "number", evidence, LIKELY)
    return {"repeated_names": "number"} if later else {}


def ask_repeated_names(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> None:
    """Ask `column.ROLE` about numbers whose name occurs twice, unless arithmetic proves it or both are equal."""
    for role, name in roles.items():
        if role not in NUMERIC_ROLES:
            continue
        match = _NUMBERED_NAME.fullmatch(name)
        first = match["name"] if match and match["name"] in sheet.columns else name
        twins = [other for other in sheet.names if other.startswith(f"{first} (") and _NUMBERED_NAME.fullmatch(other)]
        names = [one for one in (first, *twins) if one == name or one not in roles.values()]
        key = f"column.{role}"
        proved = any(finding.about == key and finding.sure == "certain" for finding in log.findings)
        if proved or key in log.answers or len({sheet.columns[one].cells for one in names}) < 2:
            continue
        shown = "; ".join(f"{one} begins with {', '.join(islice(sheet.columns[one].words, 3))}" for one in names)
        words = f"Which column is the {role.replace('_', ' ')}? The name {first} occurs twice."
        log.add_question(key, words, (*names, NO_COLUMN), shown)
