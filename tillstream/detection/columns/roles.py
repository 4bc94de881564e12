"""Which column plays which role, by its name and by what its cells can be."""

from dataclasses import dataclass
from functools import cached_property

from tillstream.detection.evidence import CERTAIN, LIKELY, Told
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values import dates, numbers
from tillstream.detection.values.clocks import clock_formats
from tillstream.detection.words.headers import CLEAR, Called, called, plain, tells_rate
from tillstream.detection.words.status_words import KNOWN, MOST_WORDS

NUMERIC = frozenset({"quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "amount", "unit_cost"})
MONEY = NUMERIC - {"quantity"}
_TEXTS = frozenset({"category", "product_name", "customer_name", "country", "channel"})
_WHOLE = frozenset({"line_key", "source_version"})
_UNDECIDED = frozenset({"amount", "time", "discount_rate", "tax_rate"})
_ENOUGH = 0.8
"""So much of a column must be what its role needs; the rest are words for missing, or faults."""
_DATES = 0.95
NONE = "-"
"""Says of a role that no column plays it."""


@dataclass(frozen=True)
class Profile:
    """A column with what its cells look like, each looked at once and only where it matters."""

    column: Column

    @cached_property
    def numbers(self) -> numbers.Numbers:
        return numbers.look(self.column)

    @cached_property
    def dates(self) -> dates.Dates:
        return dates.look(self.column, serial=any(one.role == "date" for one in called(self.column.name)))

    @cached_property
    def may_be_date(self) -> bool:
        return bool(self.column.filled) and dates.look(self.column, few=True).share >= _ENOUGH

    def can_be(self, role: str) -> bool:
        """Whether the cells may be that; a column without any cell may be anything but the date."""
        if not self.column.filled:
            return role != "date"
        if role in NUMERIC | _WHOLE | {"discount_rate"}:
            return self.numbers.share >= _ENOUGH and not (self.numbers.percent and role in MONEY)
        special = {
            "date": lambda: self.may_be_date or dates.look(self.column, few=True, serial=True).share >= _ENOUGH,
            "time": lambda: clock_formats(self.column) != (),
            "status": self._tells_status,
        }
        return special[role]() if role in special else not (self.may_be_date and role)

    def _tells_status(self) -> bool:
        words = self.column.words
        return len(words) <= MOST_WORDS and 2 * sum(plain(word) in KNOWN for word in words) >= len(words)


def profiles(sheet: Sheet) -> dict[str, Profile]:
    return {name: Profile(column) for name, column in sheet.columns.items()}


def assign(seen: dict[str, Profile], told: Told) -> dict[str, str]:
    """Role → header. Asks `column.ROLE` where two columns are called so equally clearly."""
    wanted: dict[str, list[tuple[Called, str]]] = {}
    given = _answered(seen, told)
    none = {key.removeprefix("column.") for key, said in told.answers.items() if said == NONE}
    for name, profile in seen.items():
        if name in given.values():
            continue
        for one in called(name):
            role = one.role
            if role == "discount" and (tells_rate(name) or profile.numbers.percent):
                role = "discount_rate"
            if role == "tax" and profile.numbers.percent:
                role = "tax_rate"
            if role not in given and role not in none and profile.can_be(role):
                wanted.setdefault(role, []).append((one, name))
    found = dict(given)
    taken = set(given.values()) | _other(wanted)
    order = sorted(wanted, key=lambda role: -max(one.clarity for one, _ in wanted[role]))
    for role in order:
        named = [(one, name) for one, name in wanted[role] if name not in taken]
        if role in _TEXTS:
            named.sort(key=lambda each: seen[each[1]].numbers.share > _ENOUGH)
        _choose(role, named, found, taken, told)
    if "date" not in found:
        _by_cells(seen, taken, found, told)
    _by_name_alone(seen, taken, found, told)
    return found


def _answered(seen: dict[str, Profile], told: Told) -> dict[str, str]:
    """Columns that a person named; `-` says that there is none."""
    given = {}
    for key in told.answers:
        kind, _, role = key.partition(".")
        if kind == "column" and role:
            name = told.answer(key) or ""
            if name in seen:
                given[role] = name
    return given


def _other(wanted: dict[str, list[tuple[Called, str]]]) -> set[str]:
    """Columns that are known to be no part of a sale line, and are called nothing else."""
    wanted_else = {name for role, named in wanted.items() if role for _, name in named}
    return {name for _, name in wanted.pop("", [])} - wanted_else


def _choose(role: str, named: list[tuple[Called, str]], found: dict[str, str], taken: set[str], told: Told) -> None:
    if not named or told.answers.get(f"column.{role}") == "-":
        return
    best = max(one.clarity for one, _ in named)
    clear = [(one, name) for one, name in named if one.clarity == best]
    one, name = clear[0]
    names = tuple(name for _, name in clear)
    if len(clear) > 1 and role in NUMERIC | {"date", "sale_id", "line_key"} and role != "amount":
        told.ask(f"column.{role}", f"Which column is the {role.replace('_', ' ')}?", names, "they are called alike")
    elif best < CLEAR and len(clear) > 1:
        return
    found[role] = name
    taken.add(name)
    if role in _UNDECIDED:
        return
    others = f"; {', '.join(names[1:])} could be it too" if len(names) > 1 else ""
    told.find(f"column.{role}", name, f"its name means {one.synonym}{others}", best if len(names) == 1 else LIKELY)


def _by_cells(seen: dict[str, Profile], taken: set[str], found: dict[str, str], told: Told) -> None:
    """The only column of dates is the date, whatever it is called."""
    names = [name for name, profile in seen.items() if name not in taken and profile.may_be_date]
    if len(names) == 1:
        found["date"] = names[0]
        taken.add(names[0])
        told.find("column.date", names[0], "it is the only column of dates", CERTAIN - 0.05)
    else:
        told.ask("column.date", "Which column says when the sale happened?", tuple(names))


def _by_name_alone(seen: dict[str, Profile], taken: set[str], found: dict[str, str], told: Told) -> None:
    """A column that is clearly called an amount, but holds something else, must not be passed over in silence."""
    for name, profile in seen.items():
        roles = {one.role for one in called(name) if one.clarity == CLEAR} & NUMERIC
        role = next(iter(roles), "")
        if name in taken or not role or not profile.column.filled or profile.numbers.percent:
            continue
        if role not in found and f"column.{role}" not in told.answers and not profile.can_be(role):
            words = f"Is {name} the {role.replace('_', ' ')}? `-` if not."
            evidence = f"{profile.numbers.share:.0%} of its cells are numbers"
            told.ask(
                f"column.{role}", words, (name, "-"), evidence, profile.column.line_of(*profile.numbers.strange[:1])
            )
