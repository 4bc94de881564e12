"""Detect the currency by a column of currencies, by the signs in the cells of amounts, or by a code in a header."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values import currency_column
from tillstream.detection.values.currency_column import ROLE, CurrencySource
from tillstream.detection.values.numbers import NumberProfile, pattern_of, shape_of
from tillstream.domain.money.signs import CODES, SHARED_SIGNS, SIGNS, currencies_of, is_of_another

LineNumbers = tuple[int, ...]
_IN_HEADER = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])|(€|£|₹)")
_MOST = 0.5
"""Share of the amounts of a column that a sign must have to be that of the others as well."""


def signs(number_columns: Iterable[tuple[Column, NumberProfile]], currency: str = "") -> tuple[str, ...]:
    """Currency signs of the number columns, longest first, without those of other currencies than this one."""
    distinct = {sign for _, numbers in number_columns for sign in numbers.signs if not is_of_another(sign, currency)}
    return tuple(sorted(distinct, key=lambda sign: (-len(sign), sign)))


def decide(
    sheet: Sheet, roles: dict[str, str], number_columns: list[tuple[Column, NumberProfile]], log: DetectionLog
) -> CurrencySource:
    """The file's currency, or that of each row. Asks `currency` if there is no proof."""
    columns = [column for column, _ in number_columns]
    _ask_contradiction(sheet, roles, columns, log)
    if source := currency_column.decide(sheet, roles, columns, log) or _by_signs(columns, log):
        return source
    answer = (log.answer("currency") or "").upper()
    if re.fullmatch("[A-Z]{3}", answer):
        return CurrencySource(answer)
    proofs, shared, evidence, lines = _proofs(number_columns)
    if len(proofs) == 1 and (not shared or set(proofs) <= set(shared)):
        currency, (evidence, lines) = next(iter(proofs.items()))
        counts = max(map(sign_counts, columns), key=_signed_share)
        if lines and _signed_share(counts) < _MOST:
            signed = counts.total() - counts[""]
            evidence = f"only {signed:,} of {counts.total():,} sampled amounts have a sign: {evidence}"
            log.add_question("currency", "In which currency are the amounts without a sign?", (), evidence, lines)
        else:
            log.add_finding("currency", currency, evidence, LIKELY + 0.05, lines)
        return CurrencySource(currency)
    if proofs:
        evidence = " against ".join(words for words, _ in proofs.values()) + (f" and {evidence}" if evidence else "")
    log.add_question("currency", "In which currency are the amounts?", tuple(proofs) or shared, evidence, lines)
    return CurrencySource(next(iter(proofs), ""))


def _ask_contradiction(sheet: Sheet, roles: dict[str, str], columns: list[Column], log: DetectionLog) -> None:
    """Ask `column.currency` if the name of an amount contains another currency than some rows, as of converted ones."""
    named = {code: column.name for column in columns for code in _codes_in(column.name)}
    if ROLE not in roles or f"column.{ROLE}" in log.answers or len(named) != 1:
        return
    (code, amount), name = next(iter(named.items())), roles[ROLE]
    words = [word for word in sheet.columns[name].words if code not in currency_column.codes(word)]
    if words:
        evidence = f"the name of {amount} contains {code}, and {name} contains {', '.join(islice(words, 5))}"
        question = f"Are the amounts of {amount} in the currency of their row, in {name}, or all in {code}?"
        lines = sheet.columns[name].first_lines(words[0])
        log.add_question(f"column.{ROLE}", question, (name, NO_COLUMN), evidence, lines, none=f"all are in {code}")


def _codes_in(header: str) -> Iterator[str]:
    """The currencies in a header."""
    for code, sign in _IN_HEADER.findall(header):
        if currency := code if code in CODES else SIGNS.get(sign, ""):
            yield currency


def sign_counts(column: Column) -> Counter[str]:
    """Sign → number of amounts with it; the empty one is that of amounts without a sign other than zero."""
    counts: Counter[str] = Counter()
    for word, rows in column.words.items():
        shape = shape_of(pattern := pattern_of(word))
        if shape and (shape.sign or any(digit in word for digit in "123456789") or not pattern.isascii()):
            counts[shape.sign] += rows
    return counts


def _signed_share(counts: Counter[str]) -> float:
    return 1 - counts[""] / counts.total() if counts.total() else 0.0


def _by_signs(columns: list[Column], log: DetectionLog) -> CurrencySource | None:
    """The currency of each row by the sign of an amount, if a column has signs of several currencies."""
    mixed = [(column, counts) for column in columns if _is_mixed(counts := sign_counts(column))]
    if not mixed:
        return None
    column, counts = max(mixed, key=lambda one: _signed_share(one[1]))
    unsigned = counts.pop("", 0)
    cells = {sign: next(word for word in column.words if _sign(word) == sign) for sign in counts}
    evidence = "; ".join(f"{rows:,} sampled amounts such as “{cells[sign]}”" for sign, rows in counts.items())
    lines = column.first_lines(*cells.values())
    bare = Counter[str]()
    for sign, rows in counts.items():
        bare[sign.replace(".", "")] += rows
    values = currency_column.codes_of(dict(bare), column, log)
    default = (log.answer("currency") or "").upper() if unsigned else ""
    if unsigned and not default:
        words = f"In which currency are the {unsigned:,} amounts of {column.name} without a sign?"
        log.add_question("currency", words, (), f"the others are {evidence}", lines)
    listed = ", ".join(sorted({*values.values(), *(sign.upper() for sign in bare if sign.upper() in CODES)}))
    log.add_finding("currency", listed, f"the signs of {column.name} differ: {evidence}", LIKELY, lines)
    return CurrencySource("", values, default, column.name)


def _sign(word: str) -> str:
    shape = shape_of(pattern_of(word))
    return shape.sign if shape else ""


def _is_mixed(counts: Counter[str]) -> bool:
    return len({currencies_of(sign) or sign for sign in counts if sign}) > 1


def _proofs(
    number_columns: list[tuple[Column, NumberProfile]],
) -> tuple[dict[str, tuple[str, LineNumbers]], tuple[str, ...], str, LineNumbers]:
    """Currency → proof; and for a sign shared by several currencies, these, with the cell and its line."""
    proofs: dict[str, tuple[str, LineNumbers]] = {}
    shared: tuple[str, ...] = ()
    evidence = ""
    lines: LineNumbers = ()
    for column, numbers in number_columns:
        for sign, cell in numbers.signs.items():
            location = f"“{cell}” in {column.name}"
            if SIGNS[sign]:
                proofs.setdefault(SIGNS[sign], (location, column.first_lines(cell)))
            else:
                shared, evidence, lines = SHARED_SIGNS.get(sign, ()), location, column.first_lines(cell)
        for currency in _codes_in(column.name):
            proofs.setdefault(currency, (f"the name of {column.name}", ()))
    return proofs, shared, evidence, lines
