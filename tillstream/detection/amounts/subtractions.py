"""Ask whether numbers of other columns are subtracted: shipping in a total, refunds, and returned units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tillstream.detection.amounts import charges, refunds
from tillstream.detection.amounts.reduced_totals import is_fee
from tillstream.detection.arithmetic.contained import contained
from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import CERTAIN, DetectionLog
from tillstream.detection.orders.order_totals import is_of_order
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import reversed_column
from tillstream.detection.words.headers import match_header

_MOST, _FEWEST, _MAX_COLUMNS = 0.95, 0.5, 8
"""Shares of rows that show a rule, and number of columns that a total may contain."""
_MIN_ROWS = 3
_MAPPED = ("quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount")


@dataclass(frozen=True)
class _Part:
    """A column whose numbers may be subtracted from another one."""

    name: str
    role: str
    words: str
    evidence: str
    sign: int = -1
    replaces_total: bool = False
    """Whether the total of the file is before the subtraction, so that quantity × price replaces it."""
    of: str = ""
    """The total with tax that the refunds are a part of; the amounts of the row fall in the same proportion."""
    setting: str = ""
    """The contract's setting for `of`."""
    choices: tuple[str, ...] = ("yes", "no")
    follows: str = ""
    """The column of money that is subtracted in the same rows, so that one answer is for both."""


def decide(
    sheet: Sheet,
    roles: dict[str, str],
    unmapped: Sequence[str],
    style: NumberStyle,
    log: DetectionLog,
    *,
    export_parts: Sequence[str] | None = None,
    includes_tax: bool = False,
) -> dict[str, Any]:
    """Settings `add`, `subtract`, `refunded` and `remaining` of the contract's `amounts`. Asks `subtract.HEADER`.

    roles: changed in place if the total of the file counts units that came back, or if refunds reduce a computed total,
    as a discount does. unmapped: numeric columns without a role. export_parts: if it is known what the total contains,
    the columns that may be subtracted besides those of what came back. includes_tax: the net total is computed from
    that of the file.
    """
    total_role = next((role for role in ("net_amount", "gross_amount") if role in roles), "")
    mapped = [roles[role] for role in _MAPPED if role in roles]
    in_question = {choice for question in log.questions for choice in question.choices}
    before_fees = "column.net_amount" in log.answers
    free = [name for name in unmapped if name not in in_question and not (before_fees and is_fee(name))]
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *free)), style)
    terms: dict[str, dict[str, Any]] = {}
    for part in list(_parts(sheet, columns, roles, total_role, free, export_parts, includes_tax=includes_tax)):
        key = f"subtract.{part.name}"
        if part.follows and key not in log.answers:
            key = f"subtract.{part.follows}"
        answer = log.answer(key)
        if part.follows and answer == "with_tax":
            answer = "yes"
        if (answer == "yes" and part.of) or answer == "with_tax":
            terms.setdefault(part.setting or "refunded", {})[part.name] = part.of or roles["gross_amount"]
        elif answer == "yes" and part.role == "discount" and "discount" not in roles:
            roles["discount"] = part.name
            terms |= {"factors": {"discount": -1}} if part.sign > 0 else {}
        elif answer == "yes":
            is_less = (part.sign < 0) != (part.role == "discount")  # a discount is subtracted itself
            terms.setdefault("subtract" if is_less else "add", {}).setdefault(part.role, []).append(part.name)
            if part.replaces_total:
                total = roles.pop(total_role)
                log.add_finding("column.extra", total, f"{total} counts the units in {part.name}", CERTAIN)
        elif answer is None:
            row = int(np.flatnonzero(np.nan_to_num(columns[part.name]))[0])
            lines = tuple(filter(None, [sheet.columns[part.name].lines[row]]))
            log.add_question(key, part.words, part.choices, part.evidence, lines)
    return terms


def _parts(
    sheet: Sheet,
    columns: NumberColumns,
    roles: dict[str, str],
    total_role: str,
    free: list[str],
    export_parts: Sequence[str] | None,
    *,
    includes_tax: bool,
) -> Iterator[_Part]:
    if total_role:
        for name, before, evidence in refunds.afterwards(columns, roles, total_role, free):
            words = f"Is the difference to {before} subtracted, so that the revenue is after refunds? "
            words += _falls(roles, total_role, before)
            yield _Part(name, total_role, words, evidence, of=before, setting="remaining")
    named = [name for name in free if name in (export_parts or ()) or reversed_column(name)]
    reversing = _distinct(columns, [name for name in named if np.nan_to_num(columns[name]).any()])
    units = [name for name in reversing if _is_quantity(columns, roles, name)]
    refunding = [
        name for name in reversing if name not in units and _may_be_refund(sheet, columns, roles, total_role, name)
    ]
    returned = [_returned_units(columns, roles, total_role, name, refunding) for name in units]
    for name in refunding:
        refund = _refund(columns, roles, total_role, name, includes_tax=includes_tax)
        also = [f" The units in {one.name} are subtracted, too." for one in returned if one.follows == name]
        yield replace(refund, words=refund.words + "".join(also))
    yield from returned
    if total_role and export_parts is None:
        others = [name for name in free if not reversed_column(name) and _is_used(columns[name])]
        total = roles[total_role]
        parts, proof = contained(columns, roles, total, others[:_MAX_COLUMNS])
        for name in parts:
            ask = f"{total} includes {name}. Is it subtracted, so that the revenue is without {name}?"
            yield _Part(name, total_role, ask, proof)
        for name, evidence in () if parts else charges.doubtful(sheet, columns, roles, total_role, others):
            ask = f"Is {name} subtracted from {total}, because it is contained and no revenue of goods?"
            yield _Part(name, total_role, ask, evidence)


def _distinct(columns: NumberColumns, names: list[str]) -> list[str]:
    """The first of the columns with the same numbers, such as an amount before and after its conversion."""
    by_numbers = {np.nan_to_num(columns[name]).tobytes(): name for name in reversed(names)}
    return [name for name in names if name in by_numbers.values()]


def _is_quantity(columns: NumberColumns, roles: dict[str, str], name: str) -> bool:
    """Whether a column of what came back contains units, by the rest of its name, or else by its numbers."""
    if not _has(columns, roles, "quantity"):
        return False
    named = {match.role for match in match_header(reversed_column(name))}
    units, quantities = np.nan_to_num(columns[name]), columns[roles["quantity"]]
    is_part = bool((units == units.round()).all() and (np.abs(units) <= np.abs(np.nan_to_num(quantities))).all())
    return is_part and ("quantity" in named or not named & {"amount", "net_amount", "gross_amount", "unit_price"})


def _returned_units(
    columns: NumberColumns, roles: dict[str, str], total_role: str, name: str, money: Sequence[str]
) -> _Part:
    """money: other columns, with the refunds of these units."""
    quantity, units = roles["quantity"], np.nan_to_num(columns[name])
    rows, sign = int((units != 0).sum()), _sign(units)
    evidence = f"{name} is not 0 in {rows:,} of {len(units):,} rows, and at most {quantity}"
    replaces = False
    if total_role and _has(columns, roles, "unit_price"):
        total, prices, all_units = columns[roles[total_role]], columns[roles["unit_price"]], columns[quantity]
        back = units != 0
        left = is_equal(total[back], (all_units - np.abs(units))[back] * prices[back]).mean()
        before = is_equal(total[back], all_units[back] * prices[back]).mean()
        is_before = bool(before >= _MOST) and total_role == "net_amount" and "discount" not in roles
        replaces = is_before and not money
        if left >= _MOST or before >= _MOST:
            which = f"{quantity} less {name}" if left >= _MOST else f"all of {quantity}"
            evidence += f"; {roles[total_role]} is the price of {which} there"
    words = f"Are the units in {name} subtracted from {quantity}, so that only units that were kept are counted?"
    if replaces:
        words += f" The revenue is computed from these then, and not taken from {roles[total_role]}."
    refunded = (one for one in money if ((np.nan_to_num(columns[one]) != 0) == (units != 0)).all())
    return _Part(name, "quantity", words, evidence, sign, replaces, follows=next(refunded, ""))


def _may_be_refund(sheet: Sheet, columns: NumberColumns, roles: dict[str, str], total_role: str, name: str) -> bool:
    """Whether most numbers may be part of the totals, with tax and shipping, and none is that of a whole order."""
    has_prices = _has(columns, roles, "quantity", "unit_price")
    if not total_role and not has_prices:
        return False
    total = columns[roles[total_role]] if total_role else columns[roles["quantity"]] * columns[roles["unit_price"]]
    numbers, total = np.nan_to_num(columns[name]), np.nan_to_num(total)
    used = numbers != 0
    is_part = bool((np.abs(numbers[used]) <= 2 * np.abs(total[used]) + 0.01).mean() >= _FEWEST)
    is_after = bool(total_role) and refunds.is_after(columns, roles[total_role], name)
    return is_part and not is_after and not is_of_order(sheet, roles, numbers)


def _refund(columns: NumberColumns, roles: dict[str, str], total_role: str, name: str, *, includes_tax: bool) -> _Part:
    numbers = np.nan_to_num(columns[name])
    rows = int((numbers != 0).sum())
    evidence = f"{name} is not 0 in {rows:,} of {len(numbers):,} rows, together {abs(numbers.sum()):,.2f}"
    total = roles[total_role] if total_role else f"{roles['quantity']} × {roles['unit_price']}"
    words = f"Is {name} subtracted from {total}, so that the revenue is after it?"
    if not total_role:
        return _Part(name, "discount", words, evidence, _sign(numbers))
    if _has(columns, roles, "quantity", "unit_price"):
        full = columns[roles["quantity"]] * columns[roles["unit_price"]]
        back = numbers != 0
        if is_equal(columns[total][back], full[back]).mean() >= _MOST:
            evidence += f"; {total} is {roles['quantity']} × {roles['unit_price']} there, before {name}"
    of, proof = refunds.total_of(columns, roles, total_role, name, includes_tax=includes_tax)
    if of:
        words = f"Is {name} subtracted, so that the revenue is after it? {_falls(roles, total_role, of)}"
    elif total_role == "net_amount" and _has(columns, roles, "gross_amount") and numbers.any():
        words += f" Answer with_tax if it contains tax, as {roles['gross_amount']} does."
        return _Part(name, total_role, words, evidence, _sign(numbers), choices=("yes", "with_tax", "no"))
    return _Part(name, total_role, words, evidence + proof, _sign(numbers), of=of, setting="refunded" if of else "")


def _falls(roles: dict[str, str], total_role: str, of: str) -> str:
    """What happens to the amounts of a row whose total with tax is partly refunded."""
    total = roles[total_role]
    falling = f"the tax in {total} falls" if total == of else f"{total} and its tax fall"
    return f"It is a part of {of}, so {falling} in the same proportion."


def _sign(numbers: Numbers) -> int:
    """−1 to subtract numbers above zero, 1 to add those below."""
    return -1 if numbers.sum() >= 0 else 1


def _is_used(numbers: Numbers) -> bool:
    return int((np.nan_to_num(numbers) != 0).sum()) >= _MIN_ROWS


def _has(columns: NumberColumns, roles: dict[str, str], *names: str) -> bool:
    return all(roles.get(name, "") in columns for name in names)
