"""Assign roles to columns by header name and cell values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tillstream.detection.columns import ranking, status_columns
from tillstream.detection.evidence import CERTAIN, CONFIRM_COLUMN, LIKELY, NO_COLUMN, DetectionLog, percentage
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values import date_profile, numbers
from tillstream.detection.values.clocks import clock_formats
from tillstream.detection.values.unit_words import unit_words
from tillstream.detection.words.flag_words import flagged_status
from tillstream.detection.words.headers import CLEAR, HeaderMatch, evidence_of, is_rate_header, match_header

NUMERIC = frozenset({"quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "amount", "unit_cost"})
MONEY = NUMERIC - {"quantity"}
_TEXTS = frozenset({"category", "product_name", "customer_name", "country", "channel"})
_INTEGERS = frozenset({"line_key", "source_version"})
_UNDECIDED = frozenset({"amount", "time", "discount_rate", "tax_rate"})
_MIN_SHARE = 0.8
"""Minimum share of cells that match the role; the rest are missing-value words or errors."""
_DATES = 0.95
_CREATED = re.compile(r"creat|stamp|epoch|unix", re.IGNORECASE)
"""Names of times that programs write as numbers."""


@dataclass(frozen=True)
class Profile:
    """A column with lazily computed profiles of its cells."""

    column: Column

    @cached_property
    def numbers(self) -> numbers.NumberProfile:
        return numbers.profile(self.column)

    @cached_property
    def dates(self) -> date_profile.DateProfile:
        return date_profile.profile(self.column, serial=self._may_be_number_of_date)

    @cached_property
    def _may_be_number_of_date(self) -> bool:
        name = self.column.name
        return bool(_CREATED.search(name)) or any(match.role == "date" for match in match_header(name))

    @cached_property
    def may_be_unix(self) -> bool:
        """Whether the cells are seconds or milliseconds since 1970, by its name and values."""
        named = self.dates.named.keys()
        return bool(named) and named <= {"unix", "unix-ms"} and self.dates.share >= _DATES

    @cached_property
    def may_be_date(self) -> bool:
        return bool(self.column.filled) and date_profile.profile(self.column, few=True).share >= _MIN_SHARE

    @cached_property
    def units(self) -> tuple[str, ...]:
        return unit_words(self.column) if self.numbers.share < _MIN_SHARE else ()

    def can_be(self, role: str) -> bool:
        """Whether the cells fit the role; an empty column fits every role but the date."""
        if not self.column.filled:
            return role != "date"
        if role == "quantity" and self.units:
            return True
        if role in NUMERIC | _INTEGERS | {"discount_rate"}:
            return self.numbers.share >= _MIN_SHARE and not (self.numbers.percent and role in MONEY)
        checks = {
            "date": lambda: (
                self.may_be_date or date_profile.profile(self.column, few=True, serial=True).share >= _MIN_SHARE
            ),
            "time": lambda: clock_formats(self.column) != (),
        }
        return checks[role]() if role in checks else not (self.may_be_date and role)


def profiles(sheet: Sheet) -> dict[str, Profile]:
    return {name: Profile(column) for name, column in sheet.columns.items()}


def assign(column_profiles: dict[str, Profile], log: DetectionLog) -> dict[str, str]:
    """Role → header. Asks `column.ROLE` if several headers match a role equally well."""
    answered = _answered_columns(column_profiles, log)
    candidates = _candidates(column_profiles, answered, log)
    assigned = dict(answered)
    used = set(answered.values()) | _irrelevant_columns(candidates)
    order = sorted(candidates, key=lambda role: -max(match.clarity for match, _ in candidates[role]))
    for role in order:
        matches = ranking.best(role, [each for each in candidates[role] if each[1] not in used], column_profiles)
        if role in _TEXTS:
            matches.sort(key=lambda each: column_profiles[each[1]].numbers.share > _MIN_SHARE)
        if role == "sale_id" and matches:
            best = max(match.clarity for match, _ in matches)
            clear = [one for one in matches if one[0].clarity == best]
            matches = ranking.without_equivalent(clear, column_profiles)
        _assign_role(role, matches, column_profiles, assigned, used, log)
    if "date" not in assigned and log.answers.get("column.date") != NO_COLUMN:
        _assign_date_by_values(column_profiles, used, assigned, log)
    _ask_unreadable_amounts(column_profiles, used, assigned, log)
    _assign_status(column_profiles, assigned, log)
    return assigned


def _candidates(
    column_profiles: dict[str, Profile], answered: dict[str, str], log: DetectionLog
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
            if profile.can_be(role) and ranking.is_possible(role, profile):
                candidates.setdefault(role, []).append((match, name))
    return candidates


def _assign_status(column_profiles: dict[str, Profile], assigned: dict[str, str], log: DetectionLog) -> None:
    """Choose the status among the columns without a role, those included whose names are known to be irrelevant."""
    if "status" in assigned or log.answers.get("column.status") == NO_COLUMN:
        return
    status_columns.assign(status_texts(column_profiles, assigned), assigned, log)


def status_texts(column_profiles: Mapping[str, Profile], assigned: Mapping[str, str]) -> dict[str, Column]:
    """The columns without a role that may be a status."""
    return {
        name: profile.column
        for name, profile in column_profiles.items()
        if name not in assigned.values() and (flagged_status(name) or not profile.may_be_date)
    }


def _answered_columns(column_profiles: dict[str, Profile], log: DetectionLog) -> dict[str, str]:
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
    column_profiles: Mapping[str, Profile],
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
    if len(best_matches) > 1 and role in NUMERIC | {"date", "sale_id", "line_key"} and role != "amount":
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
        f"column.{role}", name, evidence_of(name, match.synonym) + alternatives, best if len(names) == 1 else LIKELY
    )


def _differ(column_profiles: Mapping[str, Profile], names: Iterable[str]) -> bool:
    """Whether columns contain different cells, so that only arithmetic or a person can choose one."""
    return len({column_profiles[name].column.cells for name in names}) > 1


def _assign_date_by_values(
    column_profiles: dict[str, Profile], used: set[str], assigned: dict[str, str], log: DetectionLog
) -> None:
    """Use the only column with dates as the date, regardless of its name."""
    unused = {name: profile for name, profile in column_profiles.items() if name not in used}
    names = [name for name, profile in unused.items() if profile.may_be_date]
    names = names or [name for name, profile in unused.items() if profile.may_be_unix]
    if len(names) == 1:
        assigned["date"] = names[0]
        used.add(names[0])
        others = [name for name, profile in column_profiles.items() if name != names[0] and profile.may_be_date]
        evidence = f"the names of {', '.join(others)} mean no sale date" if others else "it is the only column of dates"
        log.add_finding("column.date", names[0], evidence, CERTAIN - 0.05)
        return
    free = [name for name in column_profiles if name not in assigned.values()]
    choices = names or [name for name in free if column_profiles[name].may_be_date]
    if choices:
        words = "Which column is the date of the sale?"
        verb = "contains" if len(choices) == 1 else "contain"
        log.add_question("column.date", words, (*choices, NO_COLUMN), f"{', '.join(choices)} {verb} dates")


def _ask_unreadable_amounts(
    column_profiles: dict[str, Profile], used: set[str], assigned: dict[str, str], log: DetectionLog
) -> None:
    """Ask about columns that are named like an amount but do not contain numbers."""
    for name, profile in column_profiles.items():
        roles = {match.role for match in match_header(name) if match.clarity == CLEAR} & NUMERIC
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
