"""Find columns that may be the sale number by their cells, and sale numbers that start again."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tillstream.detection.sheet import SampleColumn, Sheet, without_repetitions
from tillstream.detection.values import date_profile
from tillstream.detection.values.date_profile import are_days_of_night, day_column_name, day_of_date
from tillstream.detection.values.numbers import profile_numbers
from tillstream.detection.words.headers import is_irrelevant_header

_MIN_ROWS, _MIN_ORDERED_SHARE, _MAX_CANDIDATES = 5, 0.95, 3
_MIN_LENGTH = 3
_LEAST_PADDED, _LEAST_STEPS = 3, 2
_DIGIT_RUN = re.compile(r"\d+")

_MIN_REPEATED, _MIN_REPEATED_SHARE = 3, 0.2
"""Fewer numbers, or a smaller share of them, can be at two tills by accident."""
_MIN_SHARE_OF_DAYS, _NEARLY_ALL = 0.5, 0.8
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
_LAST_DIGITS = re.compile(r"[0-9]+$")


@dataclass(frozen=True)
class SaleNumberCandidate:
    name: str
    evidence: str
    lines: tuple[int, ...]


def sale_number_candidates(sheet: Sheet, roles: Mapping[str, str]) -> tuple[SaleNumberCandidate, ...]:
    """Columns without a role that may be the sale number, as their values ascend or descend."""
    ordered = [
        (column, blocks, order)
        for blocks, column in _possible_columns(sheet, roles)
        if (order := _order_of_values(blocks))
    ]
    return tuple(_candidate(*one, sheet.rows) for one in ordered[:_MAX_CANDIDATES])


def unordered_candidates(sheet: Sheet, roles: Mapping[str, str]) -> tuple[str, ...]:
    """Columns without a role that may be the sale number, although their values are in no order."""
    names = [column.name for blocks, column in _possible_columns(sheet, roles) if not _order_of_values(blocks)]
    return tuple(names[:_MAX_CANDIDATES])


def _possible_columns(sheet: Sheet, roles: Mapping[str, str]) -> list[tuple[list[str], SampleColumn]]:
    if sheet.rows < _MIN_ROWS:
        return []
    free = [column for name, column in sheet.columns.items() if name and name not in roles.values()]
    return [(without_repetitions(column.cells), column) for column in free if _may_be_number(column, sheet.rows)]


def better_than_counter(sheet: Sheet, roles: Mapping[str, str]) -> SaleNumberCandidate | None:
    """The column that may be the sale number if that of the sale id only counts the rows; None if it does not."""
    counted = (str(row) for row in range(1, sheet.rows + 1))
    if any(cell != number for cell, number in zip(sheet.columns[roles["sale_id"]].cells, counted, strict=True)):
        return None
    return next(
        (one for one in sale_number_candidates(sheet, roles) if len(sheet.columns[one.name].words) < sheet.rows), None
    )


def with_and_without_zeros(column: SampleColumn) -> tuple[str, ...]:
    """The numbers with leading zeros that are written without them as well; empty if there are only a few."""
    padded = tuple(word for word in column.words if word[0] == "0" and word.lstrip("0") in column.words)
    return padded if len(padded) >= _LEAST_PADDED else ()


def _may_be_number(column: SampleColumn, rows: int) -> bool:
    """Whether the cells may be numbers of sales: all filled, with digits, no amounts, days or row counts."""
    words = column.words
    if column.filled < rows or len(words) < rows / 4 or is_irrelevant_header(column.name):
        return False
    if not all(any(letter.isdigit() for letter in word) for word in words):
        return False
    numbers = profile_numbers(column)
    if numbers.decimal or numbers.signs or numbers.percent or min(map(len, words)) < _MIN_LENGTH:
        return False
    is_block = len(without_repetitions(column.cells)) == len(words)
    return is_block and date_profile.profile_dates(column, few=True).share < 1 - _MIN_ORDERED_SHARE


def _order_of_values(blocks: Sequence[str]) -> str:
    """`ascends` or `descends` for numbers that do, as texts or by their last digits, as INV-1002 and CN-1003."""
    digits = [_DIGIT_RUN.findall(block)[-1] for block in blocks]
    for texts in (blocks, digits):
        keys = [(len(text), text) for text in texts]
        up = sum(after > before for before, after in pairwise(keys))
        down = sum(after < before for before, after in pairwise(keys))
        if len(keys) > _LEAST_STEPS and max(up, down) >= _MIN_ORDERED_SHARE * (len(keys) - 1):
            return "ascends" if up > down else "descends"
    return ""


def _candidate(column: SampleColumn, blocks: list[str], order: str, rows: int) -> SaleNumberCandidate:
    how = f"differs in all {rows:,}" if len(blocks) == rows else f"has {len(blocks):,} values in blocks of the {rows:,}"
    evidence = f"{column.name} is filled, {how} sampled rows and {order}, as a sale number does"
    return SaleNumberCandidate(column.name, evidence, column.first_lines(*blocks[:2]))


@dataclass(frozen=True)
class NumberRestart:
    """A sale number that does not identify a sale alone."""

    names: tuple[str, ...]
    """The columns that do; empty if none do, as the times of a sale's rows differ."""
    evidence: str
    lines: tuple[int, ...]
    is_proved: bool


class _NumberedRow(NamedTuple):
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


def find_number_restart(sheet: Sheet, roles: Mapping[str, str]) -> NumberRestart | None:
    """The columns that identify a sale, if the numbers of the sale id column start again; None if they do not.

    The numbers start again at each till if many of them are at several tills; with the days, if they ascend from the
    same first number in several periods. If most numbers have several days or customers, that is no proof: the parts of
    an order may have days of their own. Rows with a minus sign do not count, as returns have the number of their sale.
    """
    number = sheet.columns[roles["sale_id"]]
    till = _till_column(sheet, roles)
    rows = _numbered_rows(sheet, roles, till)
    at_tills = _by_till(number, till, rows) if till else None
    if till and not at_tills:
        rows = [row._replace(group=row.group[:1]) for row in rows]
    days = _cells_by_role([(row.key, row.day) for row in rows]) if "date" in roles else {}
    several = _keys_of_several(days)
    proved = len(several) >= _MIN_REPEATED and _starts_again(rows)
    if not proved:
        several = [key for key in several if not are_days_of_night(days[key])]
        if len(several) < max(_MIN_REPEATED, _MIN_SHARE_OF_DAYS * len(days)):
            return at_tills or _by_customer(number, roles, rows)
    evidence = [at_tills.evidence] if at_tills else []
    evidence.append(_of_several(number.name, several, days, "days") + (": they start again" if proved else ""))
    names = (*(at_tills.names if at_tills else (number.name,)), day_column_name(sheet.columns[roles["date"]]))
    if names[-1] == roles["date"] and _times_differ(rows):
        names, proved = (), False
        evidence.append("the times of one sale differ, so that number and date do not identify it together")
    return NumberRestart(names, "; ".join(evidence), _example_lines(rows, several[0]), is_proved=proved)


def _by_till(number: SampleColumn, till: SampleColumn, rows: Sequence[_NumberedRow]) -> NumberRestart | None:
    """Number and till, if many numbers are at several tills."""
    tills = _cells_by_role([((*row.group[:1], row.number), row.group[1]) for row in rows])
    several = _keys_of_several(tills)
    if len(several) < max(_MIN_REPEATED, _MIN_REPEATED_SHARE * len(tills)):
        return None
    evidence = _of_several(number.name, several, tills, f"values of {till.name}")
    return NumberRestart((number.name, till.name), evidence, number.first_lines(several[0][-1]), is_proved=True)


def _by_customer(number: SampleColumn, roles: Mapping[str, str], rows: Sequence[_NumberedRow]) -> NumberRestart | None:
    """Number and customer, if most numbers have several customers; which is no proof."""
    customers = _cells_by_role([(row.key, row.customer) for row in rows])
    several = _keys_of_several(customers)
    if len(several) < max(_MIN_REPEATED, _MIN_SHARE_OF_DAYS * len(customers)):
        return None
    evidence = _of_several(number.name, several, customers, "customers")
    names = (number.name, next(roles[role] for role in _CUSTOMERS if role in roles))
    return NumberRestart(names, evidence, number.first_lines(several[0][-1]), is_proved=False)


def _keys_of_several(values: Mapping[tuple[str, ...], dict[str, None]]) -> list[tuple[str, ...]]:
    return [key for key, of_key in values.items() if len(of_key) > 1]


def _till_column(sheet: Sheet, roles: Mapping[str, str]) -> SampleColumn | None:
    free = (column for name, column in sheet.columns.items() if name not in roles.values())
    return next(
        (
            column
            for column in free
            if re.sub(r"[\W_]", "", column.name.casefold()) in _TILLS and 1 < len(column.words) <= _MAX_TILLS
        ),
        None,
    )


def _numbered_rows(sheet: Sheet, roles: Mapping[str, str], till: SampleColumn | None) -> list[_NumberedRow]:
    """The sampled rows with a number, without those with a minus sign. A file without dates has one day."""
    number = sheet.columns[roles["sale_id"]]
    empty = ("",) * sheet.rows
    stores = sheet.columns[roles["store_id"]].cells if "store_id" in roles else empty
    tills = till.cells if till else empty
    moments = sheet.columns[roles["date"]].cells if "date" in roles else empty
    customers = next((sheet.columns[roles[role]].cells for role in _CUSTOMERS if role in roles), empty)
    days = {moment: day_of_date(moment) for moment in dict.fromkeys(moments)}
    returned: set[int] = set()
    for column in (sheet.columns[roles[role]] for role in _AMOUNTS if role in roles):
        if negative := {word for word in column.words if word.startswith(("-", "−", "(")) or word.endswith("-")}:
            returned.update(row for row, cell in enumerate(column.cells) if cell in negative)
    return [
        _NumberedRow(
            cell, (stores[row], tills[row]), days[moments[row]], moments[row], customers[row], number.lines[row]
        )
        for row, cell in enumerate(number.cells)
        if cell and row not in returned
    ]


def _cells_by_role(pairs: Iterable[tuple[tuple[str, ...], str]]) -> dict[tuple[str, ...], dict[str, None]]:
    values: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for key, value in pairs:
        if value:
            values[key][value] = None
    return values


def _starts_again(rows: Sequence[_NumberedRow]) -> bool:
    """Whether the numbers of each store and till ascend from the same first number in periods without common days."""
    groups: dict[tuple[str, ...], dict[tuple[int, str], None]] = defaultdict(dict)
    for row in rows:
        digits = _LAST_DIGITS.search(row.number)
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


def _times_differ(rows: Sequence[_NumberedRow]) -> bool:
    moments = _cells_by_role([((*row.key, row.day), row.moment) for row in rows])
    return sum(len(values) > 1 for values in moments.values()) > (1 - _NEARLY_ALL) * len(moments)


def _of_several(
    name: str, keys: Sequence[tuple[str, ...]], values: Mapping[tuple[str, ...], dict[str, None]], what: str
) -> str:
    one, other = list(values[keys[0]])[:2]
    has_stores = any(key[0] for key in keys)
    scope = " of a store" if has_stores else ""
    example = f"{keys[0][-1]} with {one} and {other}"
    return f"{len(keys):,} of {len(values):,} numbers{scope} in {name} have several {what}, such as {example}"


def _example_lines(rows: Sequence[_NumberedRow], key: tuple[str, ...]) -> tuple[int, ...]:
    """The first lines of two days of a sale."""
    first: dict[str, int] = {}
    for row in rows:
        if row.key == key and row.line:
            first.setdefault(row.day, row.line)
    return tuple(first.values())[:2]
