"""What is subtracted from the totals: discounts, refunds, returned units, and what a total includes."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tillstream.detection.amounts import charges, further_discounts
from tillstream.detection.amounts.arithmetic import NumberColumns, Numbers, are_equal, compare_columns, role_of_total
from tillstream.detection.amounts.line_totals import is_fee_header
from tillstream.detection.amounts.order_totals import is_same_within_orders
from tillstream.detection.evidence import CERTAIN, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.headers import match_header, normalise_name
from tillstream.detection.words.status_words import reversed_column
from tillstream.model.document_json import JsonObject

_MIN_FULL, _MIN_OTHER_SHARE, _MIN_REFUND_SHARE = 2, 0.5, 0.95
"""Rows whose refund is the whole total, share of a total that another one has at least, share of rows with a rule."""
_AFTER_REFUNDS = re.compile(
    r"\b(?:adjusted|revised|updated|amended|corrected|current|remaining)\b|"
    r"\b(?:after|less|net of)\s+(?:refunds?|returns?|adjustments?)\b|"
    r"\b(?:korrigierter?|nach\s+(?:erstattung|rückgabe)|corrigé|après\s+remboursement|ajustado|tras\s+reembolso)\b",
    re.IGNORECASE,
)
"""Words of a total after refunds, in its name beside the name of the total before them."""

_MIN_CONTAINED_SHARE, _MIN_GOODS_SHARE, _MAX_TERMS = 0.95, 0.5, 2
"""Share of rows that show a sum, least share of the goods in a total, and most columns that are added."""

_MIN_SUBTRACTION_SHARE, _MIN_PART_SHARE, _MAX_COLUMNS = 0.95, 0.5, 8
"""Shares of rows that show a rule, and number of columns that a total may contain."""
_MIN_ROWS = 3
_MAPPED_ROLES = ("quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount")


def refunded_total(
    columns: NumberColumns, roles: Mapping[str, str], total_role: str, name: str, *, includes_tax: bool
) -> tuple[str, str]:
    """The column with tax of which refunds are a part, and the evidence; empty if they reduce the total itself.

    includes_tax: the net total is computed from the total of `total_role`.
    """
    total, refunds = columns[roles[total_role]], np.abs(np.nan_to_num(columns[name]))
    back = refunds != 0
    full: list[tuple[int, str]] = []
    mapped = [roles[role] for role in ("gross_amount", "net_amount") if roles.get(role, "") in columns]
    for other in dict.fromkeys((*mapped, *columns.names)):
        values = np.abs(columns[other])
        exceeded = refunds[back] > values[back] + 0.011
        is_less = values < np.abs(total) - 0.011  # such as a price
        if other == name or np.isnan(values[back]).any() or exceeded.any() or is_less.mean() > 1 - _MIN_REFUND_SHARE:
            continue
        full.append((int((are_equal(refunds, values) & back).sum()), other))
    count, other = max(full, key=lambda one: one[0], default=(0, ""))
    if count >= _MIN_FULL and (total_role != "net_amount" or not are_equal(columns[other][back], total[back]).all()):
        evidence = f"; it is all of {other} in {count:,} of these rows"
        return (other, evidence) if other != roles[total_role] or includes_tax else ("", "")
    return (roles[total_role], "") if includes_tax else ("", "")


def is_after_refunds(columns: NumberColumns, total: str, name: str) -> bool:
    """Whether a total is another column less the refunds, and at most one more column."""
    numbers, values = np.abs(np.nan_to_num(columns[name])), columns[total]
    back, sign = numbers != 0, np.sign(columns[total])
    others = [other for other in columns.names if other not in {total, name}]
    for base in others:
        for term in ("", *(other for other in others if other != base)):
            less = numbers + np.abs(columns.or_zero(term))
            if back.any() and are_equal(values, columns[base] - sign * less)[back].mean() >= _MIN_REFUND_SHARE:
                return True
    return False


def totals_after_refunds(
    columns: NumberColumns, roles: Mapping[str, str], total_role: str, free: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Each column that is a total after refunds, with the column of the total before them, and the evidence."""
    by_name = {normalise_name(name): name for name in columns.names}
    whole = float(np.nansum(np.abs(columns[roles[total_role]])))
    for name in free:
        rest = _AFTER_REFUNDS.sub(" ", name)
        before = by_name.get(normalise_name(rest), "") if rest != name else ""
        if not before or before == name:
            continue
        less = np.nan_to_num(columns[before] - columns[name])
        changed = ~are_equal(less, np.zeros(len(less)))
        is_large = float(np.nansum(np.abs(columns[before]))) >= _MIN_OTHER_SHARE * whole
        if changed.any() and is_large and (less[changed] > 0).mean() >= _MIN_REFUND_SHARE:
            evidence = (
                f"{name} is less than {before} in {int(changed.sum()):,} rows, together {less[changed].sum():,.2f}"
            )
            yield name, before, evidence


def contained_charges(
    columns: NumberColumns, roles: Mapping[str, str], name: str, free: Sequence[str]
) -> tuple[tuple[str, ...], str]:
    """One or two columns that are part of the total `name` in most rows, with the evidence; or none.

    free: numeric columns without a role.
    """
    total = columns[name]
    possible = list(_amounts_of_goods(columns, roles, total, free))
    explained = max((compare_columns(total, goods, np.zeros_like(goods)).matching for _, goods in possible), default=0)
    for words, goods in possible:
        for count in range(1, _MAX_TERMS + 1):
            for terms in combinations([one for one in free if one != words], count):
                result = compare_columns(total, goods + columns.sum_of(terms), goods)
                is_needed = result.matching > explained and not _explain_less(columns, total, goods, terms)
                if result.is_at_least(_MIN_CONTAINED_SHARE) and is_needed:
                    share = f"{percentage(result.share)} of {result.rows:,} rows"
                    return terms, f"{name} is {words} + {' + '.join(terms)} in {share}"
    return (), ""


def _explain_less(columns: NumberColumns, total: Numbers, goods: Numbers, terms: tuple[str, ...]) -> bool:
    """Whether one of several terms is not needed."""
    everything = goods + columns.sum_of(terms)
    most = compare_columns(total, everything, goods).matching
    return len(terms) > 1 and any(
        compare_columns(total, everything - np.nan_to_num(columns[term]), goods).matching >= most for term in terms
    )


def _amounts_of_goods(
    columns: NumberColumns, roles: Mapping[str, str], total: Numbers, free: Sequence[str]
) -> Iterator[tuple[str, Numbers]]:
    """What the goods of a line may cost: quantity × price, with discount and tax; or most of the total."""
    if all(roles.get(role, "") in columns for role in ("quantity", "unit_price")):
        product = f"{roles['quantity']} × {roles['unit_price']}"
        full: Numbers = columns[roles["quantity"]] * columns[roles["unit_price"]]
        for less in dict.fromkeys((roles.get("discount", ""), "")):
            for plus in dict.fromkeys((roles.get("tax", ""), "")):
                words = "".join((product, *(f" {sign} {name}" for sign, name in (("−", less), ("+", plus)) if name)))
                yield words, full - columns.or_zero(less) + columns.or_zero(plus)
        return
    whole = float(np.nansum(total))
    for name in free:
        if _MIN_GOODS_SHARE * whole <= float(np.nansum(columns[name])) < whole:
            yield name, columns[name]


@dataclass(frozen=True)
class _SubtractedPart:
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


def detect_subtractions(
    sheet: Sheet,
    roles: dict[str, str],
    unmapped: Sequence[str],
    style: DetectedNumberStyle,
    log: DetectionLog,
    *,
    export_parts: Sequence[str] | None = None,
    includes_tax: bool = False,
) -> JsonObject:
    """Settings `add`, `subtract`, `refunded` and `remaining` of the contract's `amounts`. Asks `subtract.HEADER`.

    roles: changed in place if the total of the file counts units that came back, or if refunds reduce a computed total,
    as a discount does. unmapped: numeric columns without a role. export_parts: if it is known what the total contains,
    the columns that may be subtracted besides those of what came back. includes_tax: the net total is computed from
    that of the file.
    """
    total_role = role_of_total(roles)
    mapped = [roles[role] for role in _MAPPED_ROLES if role in roles]
    in_question = {choice for question in log.questions for choice in question.choices}
    before_fees = "column.net_amount" in log.answers
    free = [name for name in unmapped if name not in in_question and not (before_fees and is_fee_header(name))]
    columns = NumberColumns(sheet, dict.fromkeys((*mapped, *free)), style)
    terms: dict[str, JsonObject] = {}
    for part in list(_possible_parts(sheet, columns, roles, total_role, free, export_parts, includes_tax=includes_tax)):
        key = f"subtract.{part.name}"
        if part.follows and key not in log.answers:
            key = f"subtract.{part.follows}"
        answer = log.answer(key)
        if part.follows and answer == "with_tax":
            answer = "yes"
        if answer is None:
            row = int(np.flatnonzero(np.nan_to_num(columns[part.name]))[0])
            lines = tuple(filter(None, [sheet.columns[part.name].lines[row]]))
            log.add_question(key, part.words, part.choices, part.evidence, lines)
        elif answer in {"yes", "with_tax"}:
            _add_terms(terms, part, roles, with_tax=answer == "with_tax")
            if part.replaces_total and answer == "yes":
                total = roles.pop(total_role)
                log.add_finding("column.extra", total, f"{total} counts the units in {part.name}", CERTAIN)
    return terms


def _add_terms(terms: dict[str, JsonObject], part: _SubtractedPart, roles: dict[str, str], *, with_tax: bool) -> None:
    """Subtract a part in the settings, or as the discount of the file if it has none: then `roles` is changed."""
    if part.of or with_tax:
        terms.setdefault(part.setting or "refunded", {})[part.name] = part.of or roles["gross_amount"]
    elif part.role == "discount" and "discount" not in roles:
        roles["discount"] = part.name
        terms |= {"factors": {"discount": -1}} if part.sign > 0 else {}
    else:
        is_less = (part.sign < 0) != (part.role == "discount")  # a discount is subtracted itself
        terms.setdefault("subtract" if is_less else "add", {}).setdefault(part.role, []).append(part.name)


def _possible_parts(
    sheet: Sheet,
    columns: NumberColumns,
    roles: dict[str, str],
    total_role: str,
    free: list[str],
    export_parts: Sequence[str] | None,
    *,
    includes_tax: bool,
) -> Iterator[_SubtractedPart]:
    if total_role:
        for name, before, evidence in totals_after_refunds(columns, roles, total_role, free):
            words = f"Is the difference to {before} subtracted, so that the revenue is after refunds? "
            words += _falls(roles, total_role, before)
            yield _SubtractedPart(name, total_role, words, evidence, of=before, setting="remaining")
    yield from _reversed_parts(sheet, columns, roles, total_role, free, export_parts, includes_tax=includes_tax)
    if total_role and export_parts is None:
        others = [name for name in free if not reversed_column(name) and _is_used(columns[name])]
        yield from _contained_parts(sheet, columns, roles, total_role, others)


def _reversed_parts(
    sheet: Sheet,
    columns: NumberColumns,
    roles: dict[str, str],
    total_role: str,
    free: list[str],
    export_parts: Sequence[str] | None,
    *,
    includes_tax: bool,
) -> Iterator[_SubtractedPart]:
    """Amounts that were refunded, then units that came back."""
    named = [name for name in free if name in (export_parts or ()) or reversed_column(name)]
    reversing = _distinct_parts(columns, [name for name in named if np.nan_to_num(columns[name]).any()])
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


def _contained_parts(
    sheet: Sheet, columns: NumberColumns, roles: dict[str, str], total_role: str, others: Sequence[str]
) -> Iterator[_SubtractedPart]:
    """Charges that a sum proves to be in the total, or else those that may be in it."""
    total = roles[total_role]
    parts, proof = contained_charges(columns, roles, total, others[:_MAX_COLUMNS])
    for name in parts:
        ask = f"{total} includes {name}. Is it subtracted, so that the revenue is without {name}?"
        yield _SubtractedPart(name, total_role, ask, proof)
    if parts:
        return
    for name, evidence in charges.doubtful_charges(sheet, columns, roles, total_role, others):
        ask = f"Is {name} subtracted from {total}, because it is contained and no revenue of goods?"
        yield _SubtractedPart(name, total_role, ask, evidence)


def _distinct_parts(columns: NumberColumns, names: list[str]) -> list[str]:
    """The first of the columns with the same numbers, such as an amount before and after its conversion."""
    by_numbers = {np.nan_to_num(columns[name]).tobytes(): name for name in reversed(names)}
    return [name for name in names if name in by_numbers.values()]


def _is_quantity(columns: NumberColumns, roles: dict[str, str], name: str) -> bool:
    """Whether a column of what came back contains units, by the rest of its name, or else by its numbers."""
    if not _has_question(columns, roles, "quantity"):
        return False
    named = {match.role for match in match_header(reversed_column(name))}
    units, quantities = np.nan_to_num(columns[name]), columns[roles["quantity"]]
    is_part = bool((units == units.round()).all() and (np.abs(units) <= np.abs(np.nan_to_num(quantities))).all())
    return is_part and ("quantity" in named or not named & {"amount", "net_amount", "gross_amount", "unit_price"})


def _returned_units(
    columns: NumberColumns, roles: dict[str, str], total_role: str, name: str, money: Sequence[str]
) -> _SubtractedPart:
    """money: other columns, with the refunds of these units."""
    quantity, units = roles["quantity"], np.nan_to_num(columns[name])
    rows, sign = int((units != 0).sum()), _sign_of_refunds(units)
    evidence = f"{name} is not 0 in {rows:,} of {len(units):,} rows, and at most {quantity}"
    replaces = False
    if total_role and _has_question(columns, roles, "unit_price"):
        total, prices, all_units = columns[roles[total_role]], columns[roles["unit_price"]], columns[quantity]
        back = units != 0
        left = are_equal(total[back], (all_units - np.abs(units))[back] * prices[back]).mean()
        before = are_equal(total[back], all_units[back] * prices[back]).mean()
        is_before = bool(before >= _MIN_SUBTRACTION_SHARE) and total_role == "net_amount" and "discount" not in roles
        replaces = is_before and not money
        if left >= _MIN_SUBTRACTION_SHARE or before >= _MIN_SUBTRACTION_SHARE:
            which = f"{quantity} less {name}" if left >= _MIN_SUBTRACTION_SHARE else f"all of {quantity}"
            evidence += f"; {roles[total_role]} is the price of {which} there"
    words = f"Are the units in {name} subtracted from {quantity}, so that only units that were kept are counted?"
    if replaces:
        words += f" The revenue is computed from these then, and not taken from {roles[total_role]}."
    refunded = (one for one in money if ((np.nan_to_num(columns[one]) != 0) == (units != 0)).all())
    return _SubtractedPart(name, "quantity", words, evidence, sign, replaces, follows=next(refunded, ""))


def _may_be_refund(sheet: Sheet, columns: NumberColumns, roles: dict[str, str], total_role: str, name: str) -> bool:
    """Whether most numbers may be part of the totals, with tax and shipping, and none is that of a whole order."""
    has_prices = _has_question(columns, roles, "quantity", "unit_price")
    if not total_role and not has_prices:
        return False
    total = columns[roles[total_role]] if total_role else columns[roles["quantity"]] * columns[roles["unit_price"]]
    numbers, total = np.nan_to_num(columns[name]), np.nan_to_num(total)
    used = numbers != 0
    is_part = bool((np.abs(numbers[used]) <= 2 * np.abs(total[used]) + 0.01).mean() >= _MIN_PART_SHARE)
    is_after = bool(total_role) and is_after_refunds(columns, roles[total_role], name)
    return is_part and not is_after and not is_same_within_orders(sheet, roles, numbers)


def _refund(
    columns: NumberColumns, roles: dict[str, str], total_role: str, name: str, *, includes_tax: bool
) -> _SubtractedPart:
    numbers = np.nan_to_num(columns[name])
    rows = int((numbers != 0).sum())
    evidence = f"{name} is not 0 in {rows:,} of {len(numbers):,} rows, together {abs(numbers.sum()):,.2f}"
    total = roles[total_role] if total_role else f"{roles['quantity']} × {roles['unit_price']}"
    words = f"Is {name} subtracted from {total}, so that the revenue is after it?"
    if not total_role:
        return _SubtractedPart(name, "discount", words, evidence, _sign_of_refunds(numbers))
    if _has_question(columns, roles, "quantity", "unit_price"):
        full = columns[roles["quantity"]] * columns[roles["unit_price"]]
        back = numbers != 0
        if are_equal(columns[total][back], full[back]).mean() >= _MIN_SUBTRACTION_SHARE:
            evidence += f"; {total} is {roles['quantity']} × {roles['unit_price']} there, before {name}"
    of, proof = refunded_total(columns, roles, total_role, name, includes_tax=includes_tax)
    if of:
        words = f"Is {name} subtracted, so that the revenue is after it? {_falls(roles, total_role, of)}"
    elif total_role == "net_amount" and _has_question(columns, roles, "gross_amount") and numbers.any():
        words += f" Answer with_tax if it contains tax, as {roles['gross_amount']} does."
        return _SubtractedPart(
            name, total_role, words, evidence, _sign_of_refunds(numbers), choices=("yes", "with_tax", "no")
        )
    return _SubtractedPart(
        name, total_role, words, evidence + proof, _sign_of_refunds(numbers), of=of, setting="refunded" if of else ""
    )


def _falls(roles: dict[str, str], total_role: str, of: str) -> str:
    """What happens to the amounts of a row whose total with tax is partly refunded."""
    total = roles[total_role]
    falling = f"the tax in {total} falls" if total == of else f"{total} and its tax fall"
    return f"It is a part of {of}, so {falling} in the same proportion."


def _sign_of_refunds(numbers: Numbers) -> int:
    """−1 to subtract numbers above zero, 1 to add those below."""
    return -1 if numbers.sum() >= 0 else 1


def _is_used(numbers: Numbers) -> bool:
    return int((np.nan_to_num(numbers) != 0).sum()) >= _MIN_ROWS


def _has_question(columns: NumberColumns, roles: dict[str, str], *names: str) -> bool:
    return all(roles.get(name, "") in columns for name in names)


def detect_amount_terms(
    sheet: Sheet,
    roles: dict[str, str],
    unmapped: Sequence[str],
    style: DetectedNumberStyle,
    log: DetectionLog,
    *,
    export_settings: Mapping[str, object] | None,
    export_parts: Sequence[str],
    order_columns: Collection[str],
    includes_tax: bool,
) -> JsonObject:
    """Settings of `amounts`.

    export_settings: those of a known export; export_parts: what may be subtracted from its total.
    order_columns: numeric columns that only the first line of an order has. includes_tax: the net total is computed
    from the total of the file.
    """
    parts = None if export_settings is None else export_parts
    settings = (
        further_discounts.detect_discount_before_total(sheet, roles, unmapped, style, log)
        if export_settings is None
        else export_settings
    )
    terms = detect_subtractions(sheet, roles, unmapped, style, log, export_parts=parts, includes_tax=includes_tax)
    for part, by_role in further_discounts.detect_first_line_amounts(sheet, roles, order_columns, style, log).items():
        for role, names in by_role.items():
            terms.setdefault(part, {}).setdefault(role, []).extend(names)
    return {**settings, **terms}
