"""Find the columns of the tax and their kind: amounts or rates, a column for each rate, or several taxes of a row.

The tax of a row is the sum of its taxes, or of the columns for each rate, such as VAT 20% and VAT 5%.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from tillstream.detection.amounts.arithmetic import (
    MAX_COMPARED_ROWS,
    TOLERANCE,
    MoneyRow,
    MoneyRows,
    NumberColumns,
    Numbers,
    are_equal,
    compare_columns,
    to_float,
)
from tillstream.detection.amounts.discounts import DISCOUNT_KINDS
from tillstream.detection.amounts.line_totals import is_discount_header
from tillstream.detection.evidence import LIKELY, NO_COLUMN, TOTAL_OF_LINE, DetectionLog, percentage
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, profile_numbers
from tillstream.detection.words.headers import match_header, normalise_name

MIN_TAXED_ROWS = 5
"""Minimum number of taxed rows to detect a rate."""
_MIN_EVEN_SHARE, _MIN_NET = 0.9, 2
_MAX_TAXED_ROWS = 1_000
_TOTAL_ROLES = ("amount", "net_amount", "gross_amount")


def is_even_rate(tax: float, net: float, tolerance: float = TOLERANCE) -> bool:
    """Whether tax / net is a multiple of 0.5%, up to 30%, within the rounding tolerance."""
    rate = 200 * tax / net if net else 0.0
    return 1 <= rate <= 60 and abs(rate - round(rate)) <= 200 * tolerance / abs(net)


def ask_for_tax(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, unmapped: tuple[str, ...], log: DetectionLog
) -> None:
    """Ask `column.tax` if a column may be the tax. unmapped: numeric columns with unknown names."""
    total_column = next((roles[role] for role in _TOTAL_ROLES if role in roles), "")
    if {"tax", "tax_rate"} & set(roles) or "column.tax" in log.answers:
        return
    words = "Which column is the tax?"
    if "gross_amount" in roles and not {"net_amount", "unit_price", "amount"} & set(roles) and unmapped:
        log.add_question(
            "column.tax",
            words,
            (*unmapped, "-"),
            f"{total_column} includes the tax, but no column name shows which column it is",
        )
        return
    for name in unmapped:
        if (
            total_column
            and not is_discount_header(name)
            and _looks_like_tax(_taxes_with_totals(sheet, name, total_column, style))
        ):
            evidence = f"{name} is a constant part of {total_column}, like a tax; its name is not known"
            log.add_question("column.tax", words, (name, "-"), evidence, sheet.columns[name].lines[:1])


def ask_for_net_total(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, unmapped: tuple[str, ...], log: DetectionLog
) -> None:
    """Ask `column.net_amount` if a total and another column differ by an even rate, as amounts with and without tax do.

    unmapped: numeric columns with unknown names.
    """
    if "amount" not in roles or {"tax", "tax_rate", "net_amount", "gross_amount"} & set(roles):
        return
    total = roles["amount"]
    for name in unmapped if "column.net_amount" not in log.answers else ():
        pairs = [(row["tax"], row["total"]) for row in _taxes_with_totals(sheet, name, total, style)]
        higher = sum(abs(other) > abs(amount) for other, amount in pairs) > len(pairs) / 2
        pairs = [(max(pair, key=abs), min(pair, key=abs)) for pair in pairs]
        even = sum(is_even_rate(gross - net, net) for gross, net in pairs if abs(net) >= _MIN_NET)
        if len({net for _, net in pairs}) >= MIN_TAXED_ROWS and even >= _MIN_EVEN_SHARE * len(pairs):
            gross_name, net_name = (name, total) if higher else (total, name)
            rates = sorted({f"{100 * (gross / net - 1):.0f}%" for gross, net in pairs if abs(net) >= _MIN_NET})
            evidence = f"{gross_name} is {net_name} plus {' or '.join(rates[:3])}, like a total with tax"
            log.add_question("column.net_amount", TOTAL_OF_LINE, (net_name, gross_name), evidence, default=net_name)
            return


def _taxes_with_totals(sheet: Sheet, name: str, total: str, style: DetectedNumberStyle) -> list[MoneyRow]:
    cells = zip(sheet.columns[name].cells[:_MAX_TAXED_ROWS], sheet.columns[total].cells[:_MAX_TAXED_ROWS], strict=True)
    pairs = ((to_float(tax, style), to_float(total_cell, style)) for tax, total_cell in cells)
    return [{"tax": tax, "total": whole} for tax, whole in pairs if tax and whole]


def _looks_like_tax(rows: list[MoneyRow]) -> bool:
    all_integers = all(row["tax"].is_integer() for row in rows)
    tolerance, minimum = (0.51, 20.0) if all_integers else (TOLERANCE, 1.0)
    rows = [row for row in rows if abs(row["tax"]) >= minimum]
    added = sum(is_even_rate(row["tax"], row["total"], tolerance) for row in rows)
    included = sum(is_even_rate(row["tax"], row["total"] - row["tax"], tolerance) for row in rows)
    return len(rows) >= MIN_TAXED_ROWS and max(added, included) >= _MIN_EVEN_SHARE * len(rows)


_TAXED_ROLES = ("amount", "gross_amount", "net_amount", "unit_price")
_MAX_RATE, _MIN_HIGHEST, _MAX_FRACTION = 30.0, 4.0, 0.3
"""In percent: the highest rate, and what a column exceeds that is not one of codes. The last is a fraction."""
_STEPS_OF_A_RATE = 8
"""Rates in percent are multiples of an eighth."""
_MIN_RATE_SHARE, _MIN_SPREAD, _SALES_PER_RATE = 0.9, 1.5, 3


def detect_tax_kind(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, log: DetectionLog, *, percent: bool
) -> str:
    """The kind of the tax column: amount, rate or percent; empty without one. Asks `tax`.

    roles: a column of rates gets the role tax_rate instead of tax, in place. percent: its cells contain `%`.
    """
    if "tax" in roles:
        roles.pop("tax_rate", None)
    name = roles.get("tax") or roles.get("tax_rate", "")
    if not name:
        return ""
    columns = NumberColumns(
        sheet, dict.fromkeys(roles[role] for role in (*_TAXED_ROLES, "quantity") if role in roles), style
    )
    values = NumberColumns(sheet, [name], style)[name]
    kind = _kind_of_tax(sheet, roles, columns, values, log, percent=percent)
    roles.pop("tax", None)
    roles.pop("tax_rate", None)
    if kind:
        roles["tax" if kind == "amount" else "tax_rate"] = name
    return kind


def _kind_of_tax(
    sheet: Sheet, roles: dict[str, str], columns: NumberColumns, values: Numbers, log: DetectionLog, *, percent: bool
) -> str:
    answer = log.answer("tax")
    if answer in {*DISCOUNT_KINDS, NO_COLUMN}:
        return "" if answer == NO_COLUMN else str(answer)
    used = values[np.nan_to_num(values) != 0]
    unit = "rate" if len(used) and used.max() <= _MAX_FRACTION and not percent else "percent"
    if "tax_rate" in roles:
        return _named_rate(roles["tax_rate"], unit, log) if len(used) else ""
    proved = _proved_kind(roles, columns, values)
    if proved or not len(used) or not _may_be_tax_rates(used) or _is_part_of_total(roles, columns, values):
        return proved or "amount"
    name, base = roles["tax"], next((roles[role] for role in _TAXED_ROLES if role in roles), "")
    rates = ", ".join(f"{value:g}" for value in np.unique(used))
    evidence = f"{name} contains only {rates}"
    if base:
        money = np.abs(columns[base][np.nan_to_num(values) != 0])
        evidence += f", in rows whose {base} is from {np.nanmin(money):,.2f} to {np.nanmax(money):,.2f}"
    if base and _is_spread(sheet, roles, columns[base], values) and _percentages(used).max() >= _MIN_HIGHEST:
        log.add_finding(
            "tax", unit, f"{evidence}: these are rates, not amounts", LIKELY, _rate_lines(sheet, name, values)
        )
        return unit
    choices = (*DISCOUNT_KINDS, NO_COLUMN)
    words = f"What does {name} contain?"
    log.add_question("tax", words, choices, evidence, _rate_lines(sheet, name, values), default=unit, none="neither")
    return "amount"


def _named_rate(name: str, unit: str, log: DetectionLog) -> str:
    log.add_finding("tax", unit, f"{name} contains rates, by its name or its percent signs", LIKELY)
    return unit


def _proved_kind(roles: dict[str, str], columns: NumberColumns, values: Numbers) -> str:
    """The kind by which the tax is what a gross total adds to a net one."""
    if not {"net_amount", "gross_amount"} <= set(roles):
        return ""
    net, gross = (columns[roles[role]] for role in ("net_amount", "gross_amount"))
    taxes = {"amount": values, "rate": net * values, "percent": net * values / 100}
    used = (np.nan_to_num(values) != 0) & ~np.isnan(net) & ~np.isnan(gross)
    shares = {kind: are_equal(gross, net + tax)[used].mean() if used.any() else 0.0 for kind, tax in taxes.items()}
    return next((kind for kind, share in shares.items() if share >= _MIN_RATE_SHARE), "")


def _percentages(used: Numbers) -> Numbers:
    return used * 100 if used.max() <= _MAX_FRACTION else used


def may_contain_rates(values: Numbers) -> bool:
    """Whether a column has numbers other than 0, and all of them may be rates."""
    used = values[np.nan_to_num(values) != 0]
    return bool(len(used)) and _may_be_tax_rates(used)


def _may_be_tax_rates(used: Numbers) -> bool:
    """Whether all numbers other than 0 may be rates: fractions, or percentages that are multiples of an eighth."""
    percent = _percentages(used)
    eighths = percent * _STEPS_OF_A_RATE
    is_rate = (percent > 0) & (percent <= _MAX_RATE) & (np.abs(eighths - eighths.round()) < 1e-6)
    return bool(is_rate.all())


def _is_part_of_total(roles: dict[str, str], columns: NumberColumns, values: Numbers) -> bool:
    """Whether the numbers are an even part of an amount, added or included, or the same amount for each unit."""
    used = np.nan_to_num(values) != 0
    for role in ("amount", "gross_amount", "net_amount"):
        pairs = zip(values[used], columns[roles[role]][used], strict=True) if role in roles else ()
        even = [is_even_rate(tax, total) or is_even_rate(tax, total - tax) for tax, total in pairs]
        if even and sum(even) > len(even) / 2:
            return True
    quantities = columns[roles["quantity"]][used] if "quantity" in roles else np.ones(0)
    each = values[used] / np.where(quantities == 0, np.nan, quantities) if len(quantities) else quantities
    return bool(len(each) and np.ptp(np.nan_to_num(quantities)) and np.nanmax(each) == np.nanmin(each))


def _is_spread(sheet: Sheet, roles: dict[str, str], base: Numbers, values: Numbers) -> bool:
    """Whether few different numbers are in many sales, each in rows of very different amounts."""
    used = np.flatnonzero((np.nan_to_num(values) != 0) & (np.nan_to_num(base) != 0))
    rates = np.unique(values[used])
    cells = (
        sheet.columns[roles["sale_id"]].cells[:MAX_COMPARED_ROWS] if "sale_id" in roles else tuple(range(len(values)))
    )
    if len({cells[row] for row in used.tolist()}) < _SALES_PER_RATE * len(rates):
        return False
    money = np.abs(base[used])
    groups = [money[values[used] == rate] for rate in rates]
    return sum(len(group) for group in groups if group.max() >= _MIN_SPREAD * group.min()) >= _MIN_RATE_SHARE * len(
        used
    )


def _rate_lines(sheet: Sheet, name: str, values: Numbers) -> tuple[int, ...]:
    rows = np.flatnonzero(np.nan_to_num(values) != 0)[:1]
    return tuple(sheet.columns[name].lines[row] for row in rows.tolist() if sheet.columns[name].lines)


_NUMBER_STYLES = (DetectedNumberStyle(".", ""), DetectedNumberStyle(",", ""))
_MIN_SUM_SHARE, _MIN_NUMERIC_SHARE, _MAX_COLUMNS, _MAX_TAXES = 0.95, 0.9, 12, 5
_TAX_FAMILIES = (
    frozenset({"cgst", "sgst", "igst", "utgst", "ugst", "cess"}),
    frozenset({"gst", "pst", "hst", "qst", "rst"}),
    frozenset({"tps", "tvq", "tvh"}),
    frozenset({"excise", "sales", "state", "city", "county", "local", "federal", "district", "cannabis", "municipal"}),
)
"""Taxes that are levied beside each other on the same sale."""
_TAX_WORDS = frozenset({"tax", "taxes", "vat", "gst", "duty", "taxe", "steuer", "impuesto", "imposto", "imposta"})
_FILLERS = frozenset({"amount", "amt", "value", "sum", "line", "item", "in", "rs", "inr", "usd", "cad"})
_NO_TAX = re.compile(
    r"ship|deliver|freight|postage|handling|refund|return|with|incl|excl|income|tip|gratuit|fee|commission|gebühr|provision|gift|discount|before|"
    r"after|without|less|rate|code|number|type|name|exempt|total|%$|\b(?:ex|inc|net|gross|no|id|of|price)\b"
)
"""Words of headers that are not an amount of tax of the goods."""


@dataclass(frozen=True)
class SeveralTaxes:
    """names: columns whose sum is the tax of a row; one column if it is the sum of the others."""

    names: tuple[str, ...]
    evidence: str


def find_several_taxes(sheet: Sheet, columns: Mapping[str, SampleColumn]) -> SeveralTaxes | None:
    """The taxes among numeric columns, if their names or a sum shows that they are levied beside each other.

    columns: those with a value for each line.
    """
    numeric = [
        name
        for name, column in columns.items()
        if column.filled and profile_numbers(column).share >= _MIN_NUMERIC_SHARE
    ]
    words = {name: tax_word(name) for name in numeric if not profile_numbers(columns[name]).percent}
    taxes = [name for name, kind in words.items() if kind][:_MAX_TAXES]
    if len(taxes) < 2 or len({words[name] for name in taxes}) < len(taxes):
        return None
    return _proved_taxes(sheet, numeric, taxes) or _taxes_of_family(sheet, {name: words[name] for name in taxes})


def _proved_taxes(sheet: Sheet, numeric: Sequence[str], taxes: Sequence[str]) -> SeveralTaxes | None:
    """Taxes that are proved by a sum, in any style of numbers."""
    for style in _NUMBER_STYLES:
        numbers = NumberColumns(sheet, numeric[: _MAX_COLUMNS + _MAX_TAXES], style)
        used = [name for name in taxes if name in numbers and np.nan_to_num(numbers[name]).any()]
        if len(used) > 1 and not any(may_contain_rates(numbers[name]) for name in used):
            proofs = (*_taxes_by_sum(numbers, used), *_total_columns(numbers, used))
            if proofs:
                return proofs[0]
    return None


def _taxes_of_family(sheet: Sheet, words: Mapping[str, str]) -> SeveralTaxes | None:
    """Taxes that are levied beside each other by their names. words: the word of each tax."""
    members = _tax_family(words.values())
    family = [name for name, word in words.items() if word in members]
    if len(family) < 2:
        return None
    numbers = NumberColumns(sheet, family, _NUMBER_STYLES[0])
    if any(may_contain_rates(numbers[name]) for name in family):
        return None
    return SeveralTaxes((*family,), f"{_listed_taxes(family)} are taxes of the same sale, so the tax is their sum")


def tax_word(name: str) -> str:
    """The word of a tax, such as cgst, excise or tax; empty if the header is not the name of an amount of tax."""
    folded = re.sub(r"[(\[][^)\]]*[)\]]|[€£$₹]|\d+(?:[.,]\d+)?\s*%", " ", name.casefold())
    tokens = [token for token in re.split(r"[\W_]+", folded) if token and token not in _FILLERS]
    if _NO_TAX.search(" ".join(tokens)):
        return ""
    named = {token for token in tokens if any(token in family for family in _TAX_FAMILIES)}
    is_tax = bool(_TAX_WORDS & set(tokens)) or any(token in family for family in _TAX_FAMILIES[:3] for token in tokens)
    return " ".join(sorted(named - _TAX_WORDS) or tokens) if is_tax else ""


def _tax_family(words: Iterable[str]) -> frozenset[str]:
    """The family of which the file has several taxes; empty if there is none."""
    present = set(words)
    return next((family for family in _TAX_FAMILIES if len(family & present) > 1), frozenset())


def _taxes_by_sum(numbers: NumberColumns, taxes: Sequence[str]) -> Iterator[SeveralTaxes]:
    """A tax that is the sum of the others."""
    for name in taxes:
        others = [other for other in taxes if other != name]
        total = numbers.sum_of(others)
        used = total != 0
        if len(others) > 1 and are_equal(np.nan_to_num(numbers[name])[used], total[used]).mean() >= _MIN_SUM_SHARE:
            yield SeveralTaxes((name,), f"{name} is the sum of {_listed_taxes(others)}")


def _total_columns(numbers: NumberColumns, taxes: Sequence[str]) -> Iterator[SeveralTaxes]:
    """Taxes that are what one column adds to another one."""
    tax = numbers.sum_of(taxes)
    for total, base in permutations([name for name in numbers.names if name not in taxes], 2):
        net: Numbers = numbers[base]
        proof = compare_columns(numbers[total], net + tax, net)
        simpler = max(compare_columns(numbers[total], net + np.nan_to_num(numbers[one]), net).share for one in taxes)
        if proof.is_at_least(_MIN_SUM_SHARE) and simpler < proof.share:
            words = f"{total} is {base} + {' + '.join(taxes)} in {percentage(proof.share)} of {proof.rows:,} rows"
            yield SeveralTaxes((*taxes,), f"{words}, so the tax is their sum")


def _listed_taxes(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


_RATE_IN_HEADER = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_MIN_NUMBER_SHARE = 0.9
_TOTALS_AT_RATES = ("net_amount", "gross_amount")


@dataclass(frozen=True)
class AmountParts:
    """Columns that are added to others."""

    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role → names of the columns that are added to the column of the role."""
    columns: frozenset[str] = frozenset()
    """Names of all columns that are part of an amount, those with a role included."""


def detect_tax_parts(sheet: Sheet, columns: Mapping[str, SampleColumn], log: DetectionLog) -> AmountParts:
    """The columns whose sum is the tax or the total; the first of them is assumed to have the role.

    columns: those with a value for each line. Totals that are in a column for each rate are no totals of a line if
    there is another one.
    """
    taxes = _columns_at_rates(columns, "tax")
    if "column.tax" in log.answers:
        return AmountParts()
    if not taxes:
        several = find_several_taxes(sheet, columns)
        return _assume_parts({"tax": several.names}, several.evidence, log) if several else AmountParts()
    parts = _assume_parts(
        {"tax": taxes}, f"{' and '.join(taxes)} are the tax at each rate, so the tax is their sum", log
    )
    has_total = any(match.role == "amount" for name in columns for match in match_header(name))
    totals = {role: names for role in _TOTALS_AT_RATES if (names := _columns_at_rates(columns, role))}
    if has_total:
        for role, names in totals.items():
            log.assume({f"column.{role}": NO_COLUMN}, f"{' and '.join(names)} are the amounts at each rate")
        return AmountParts(parts.added, parts.columns.union(*totals.values()))
    for role, names in totals.items():
        evidence = f"{' and '.join(names)} are the amounts at each rate, so the total is their sum"
        more = _assume_parts({role: names}, evidence, log) if f"column.{role}" not in log.answers else AmountParts()
        parts = AmountParts({**parts.added, **more.added}, parts.columns | more.columns)
    return parts


def _assume_parts(names: Mapping[str, Sequence[str]], evidence: str, log: DetectionLog) -> AmountParts:
    """Assume that the first of the columns has the role, and that the others are added to it."""
    log.assume({f"column.{role}": parts[0] for role, parts in names.items()}, evidence)
    added = {role: tuple(parts[1:]) for role, parts in names.items() if len(parts) > 1}
    return AmountParts(added, frozenset(name for parts in names.values() for name in parts))


def add_parts_to_rows(money: MoneyRows, sheet: Sheet, parts: AmountParts, style: DetectedNumberStyle) -> None:
    """Add the other columns to the amount of each row, in place; an empty cell is 0 beside a filled one."""
    for role, name in ((role, name) for role, names in parts.added.items() for name in names):
        for row, cell in zip(money.rows, sheet.columns[name].cells, strict=False):
            if (number := to_float(cell, style)) is not None:
                row[role] = row.get(role, 0.0) + number


def _columns_at_rates(columns: Mapping[str, SampleColumn], role: str) -> list[str]:
    """Names that mean the role and differ only by a rate in percent; empty if there are fewer than two."""
    names = [
        name for name in columns if _RATE_IN_HEADER.search(name) and any(one.role == role for one in match_header(name))
    ]
    numbers = {name: profile_numbers(columns[name]) for name in names if columns[name].filled}
    names = [name for name, one in numbers.items() if one.share >= _MIN_NUMBER_SHARE and not one.percent]
    return (
        names if len(names) > 1 and len({normalise_name(_RATE_IN_HEADER.sub("", name)) for name in names}) == 1 else []
    )
