"""Sale numbers that start again, each day or year or at each till, so that one number is several sales."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tillstream.detection.columns.days_of_dates import day_column, day_of, is_night
from tillstream.detection.sheet import Column, Sheet

_LEAST, _LEAST_SHARE = 3, 0.2
"""Fewer numbers, or a smaller share of them, can be at two tills by accident."""
_MOST, _NEARLY_ALL = 0.5, 0.8
_SALES_OF_A_RUN = 2
_MAX_TILLS = 50
_CUSTOMERS = ("customer_id", "customer_name")
_AMOUNTS = ("quantity", "net_amount", "gross_amount", "amount")
_TILLS = frozenset({
    "till", "tillno", "tillid", "tillnumber", "register", "registerid", "registerno", "cashregister", "pos", "posid",
    "posno", "terminal", "terminalid", "terminalno", "workstation", "station", "device", "deviceid", "kasse",
    "kassennummer", "kassennr", "kassenr", "kassenid", "kassa", "kassanummer", "kassanr", "caisse", "nocaisse",
    "ncaisse", "numérodecaisse", "caja", "nocaja", "númerodecaja", "caixa", "pdv", "cassa", "ncassa", "numerocassa",
    "kasa", "stanowisko", "レジ", "レジ番号",
})  # fmt: skip
"""Names of a column of tills, without signs."""
_DIGITS = re.compile(r"[0-9]+$")


@dataclass(frozen=True)
class Restart:
    """A sale number that does not identify a sale alone."""

    names: tuple[str, ...]
    """The columns that do; empty if none do, as the times of a sale's rows differ."""
    evidence: str
    lines: tuple[int, ...]
    is_proved: bool


class _Row(NamedTuple):
    number: str
    group: tuple[str, ...]
    """Store and till."""
    day: str
    moment: str
    """The cell of the date."""
    customer: str
    line: int

    @property
    def key(self) -> tuple[str, ...]:
        return *self.group, self.number


def search(sheet: Sheet, roles: Mapping[str, str]) -> Restart | None:
    """The columns that identify a sale, if the numbers of the sale id column start again; None if they do not.

    The numbers start again at each till if many of them are at several tills; with the days, if they ascend from the
    same first number in several periods. If most numbers have several days or customers, that is no proof: the parts of
    an order may have days of their own. Rows with a minus sign do not count, as returns have the number of their sale.
    """
    number = sheet.columns[roles["sale_id"]]
    till = _till_column(sheet, roles)
    rows = _rows(sheet, roles, till)
    by_till: tuple[str, ...] = ()
    evidence: list[str] = []
    lines: tuple[int, ...] = ()
    if till:
        tills = _values([((*row.group[:1], row.number), row.group[1]) for row in rows])
        several = [key for key, values in tills.items() if len(values) > 1]
        if len(several) >= max(_LEAST, _LEAST_SHARE * len(tills)):
            by_till = (till.name,)
            evidence.append(_of_several(number.name, several, tills, f"values of {till.name}"))
            lines = number.first_lines(several[0][-1])
    if till and not by_till:
        rows = [row._replace(group=row.group[:1]) for row in rows]
    days = _values([(row.key, row.day) for row in rows]) if "date" in roles else {}
    several = [key for key, values in days.items() if len(values) > 1]
    proved = len(several) >= _LEAST and _starts_again(rows)
    if not proved:
        several = [key for key in several if not is_night(days[key])]
    if not proved and len(several) < max(_LEAST, _MOST * len(days)):
        if by_till:
            return Restart((number.name, *by_till), evidence[0], lines, is_proved=True)
        return _by_customer(number, roles, rows)
    again = ": they start again" if proved else ""
    evidence.append(_of_several(number.name, several, days, "days") + again)
    names = (number.name, *by_till, day_column(sheet.columns[roles["date"]]))
    if names[-1] == roles["date"] and _times_differ(rows):
        names, proved = (), False
        evidence.append("the times of one sale differ, so that number and date do not identify it together")
    return Restart(names, "; ".join(evidence), _lines(rows, several[0]), is_proved=proved)


def _by_customer(number: Column, roles: Mapping[str, str], rows: Sequence[_Row]) -> Restart | None:
    """Number and customer, if most numbers have several customers; which is no proof."""
    customers = _values([(row.key, row.customer) for row in rows])
    several = [key for key, values in customers.items() if len(values) > 1]
    if len(several) < max(_LEAST, _MOST * len(customers)):
        return None
    evidence = _of_several(number.name, several, customers, "customers")
    names = (number.name, next(roles[role] for role in _CUSTOMERS if role in roles))
    return Restart(names, evidence, number.first_lines(several[0][-1]), is_proved=False)


def _till_column(sheet: Sheet, roles: Mapping[str, str]) -> Column | None:
    free = (column for name, column in sheet.columns.items() if name not in roles.values())
    return next(
        (
            column
            for column in free
            if re.sub(r"[\W_]", "", column.name.casefold()) in _TILLS and 1 < len(column.words) <= _MAX_TILLS
        ),
        None,
    )


def _rows(sheet: Sheet, roles: Mapping[str, str], till: Column | None) -> list[_Row]:
    """The sampled rows with a number, without those with a minus sign. A file without dates has one day."""
    number = sheet.columns[roles["sale_id"]]
    empty = ("",) * sheet.rows
    stores = sheet.columns[roles["store_id"]].cells if "store_id" in roles else empty
    tills = till.cells if till else empty
    moments = sheet.columns[roles["date"]].cells if "date" in roles else empty
    customers = next((sheet.columns[roles[role]].cells for role in _CUSTOMERS if role in roles), empty)
    days = {moment: day_of(moment) for moment in dict.fromkeys(moments)}
    returned: set[int] = set()
    for column in (sheet.columns[roles[role]] for role in _AMOUNTS if role in roles):
        if negative := {word for word in column.words if word.startswith(("-", "−", "(")) or word.endswith("-")}:
            returned.update(row for row, cell in enumerate(column.cells) if cell in negative)
    return [
        _Row(cell, (stores[row], tills[row]), days[moments[row]], moments[row], customers[row], number.lines[row])
        for row, cell in enumerate(number.cells)
        if cell and row not in returned
    ]


def _values(pairs: Iterable[tuple[tuple[str, ...], str]]) -> dict[tuple[str, ...], dict[str, None]]:
    values: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for key, value in pairs:
        if value:
            values[key][value] = None
    return values


def _starts_again(rows: Sequence[_Row]) -> bool:
    """Whether the numbers of each store and till ascend from the same first number in periods without common days."""
    groups: dict[tuple[str, ...], dict[tuple[int, str], None]] = defaultdict(dict)
    for row in rows:
        digits = _DIGITS.search(row.number)
        if digits is None:
            return False
        groups[row.group][int(digits[0]), row.day] = None
    runs_of_groups = [_runs(list(sales)) for sales in groups.values()]
    runs = [run for of_group in runs_of_groups for run in of_group]
    later = len(runs) - len(groups)
    starts = 0
    for of_group in runs_of_groups:
        first = min(number for run in of_group for number, _ in run)
        starts += sum(run[0][0] == first for run in of_group[1:])
    apart = all(map(_have_own_days, runs_of_groups))
    return later > 0 and starts >= _NEARLY_ALL * later and len(runs) * _SALES_OF_A_RUN <= sum(map(len, runs)) and apart


def _runs(sales: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Split sales, number and day, where the number does not ascend; a file with the latest first is turned round."""
    descents = sum(after[0] < before[0] for before, after in pairwise(sales))
    ascending = sales[::-1] if descents * 2 > len(sales) else sales
    runs = [[sale] for sale in ascending[:1]]
    for before, after in pairwise(ascending):
        if after[0] > before[0]:
            runs[-1].append(after)
        else:
            runs.append([after])
    return runs


def _have_own_days(runs: Sequence[Sequence[tuple[int, str]]]) -> bool:
    """Whether nearly all days are those of one run; a night may belong to two."""
    days = [{day for _, day in run} for run in runs]
    return len(set().union(*days)) >= _NEARLY_ALL * sum(map(len, days))


def _times_differ(rows: Sequence[_Row]) -> bool:
    moments = _values([((*row.key, row.day), row.moment) for row in rows])
    return sum(len(values) > 1 for values in moments.values()) > (1 - _NEARLY_ALL) * len(moments)


def _of_several(
    name: str, keys: Sequence[tuple[str, ...]], values: Mapping[tuple[str, ...], dict[str, None]], what: str
) -> str:
    one, other = list(values[keys[0]])[:2]
    has_stores = any(key[0] for key in keys)
    scope = " of a store" if has_stores else ""
    example = f"{keys[0][-1]} with {one} and {other}"
    return f"{len(keys):,} of {len(values):,} numbers{scope} in {name} have several {what}, such as {example}"


def _lines(rows: Sequence[_Row], key: tuple[str, ...]) -> tuple[int, ...]:
    """The first lines of two days of a sale."""
    first: dict[str, int] = {}
    for row in rows:
        if row.key == key and row.line:
            first.setdefault(row.day, row.line)
    return tuple(first.values())[:2]
