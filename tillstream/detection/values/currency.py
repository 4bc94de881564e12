"""Detect the currency by a column of currencies, by the signs in the cells of amounts, or by a code in a header."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from tillstream.detection.evidence import CERTAIN, LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import NumberProfile, pattern_of, shape_of
from tillstream.model.document_json import JsonObject
from tillstream.model.money import (
    CURRENCIES,
    CURRENCY_SIGNS,
    FREQUENT_CURRENCIES,
    SHARED_CURRENCY_SIGNS,
    currencies_of_sign,
    is_sign_of_other_currency,
)

CURRENCY_ROLE = "currency"
_MAX_UNKNOWN = 5
"""Words that are asked; a column with more unknown words is no currency."""

LineNumbers = tuple[int, ...]
_IN_HEADER = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])|(€|£|₹)")
_MIN_SIGNED_SHARE = 0.5
"""Share of the amounts of a column that a sign must have to be that of the others as well."""


@dataclass(frozen=True)
class CurrencySource:
    """What a contract contains about currencies. Either the file has one currency, or each row its own."""

    currency: str = ""
    """The currency of the file."""
    values: dict[str, str] = field(default_factory=dict)
    """Words of the currency column that are no codes → codes."""
    default: str = ""
    """The currency of rows without one."""
    sign_of: str = ""
    """Header of the amounts whose signs show the currency of each row."""

    def apply(self, contract: JsonObject) -> None:
        if self.sign_of:
            header = f"Currency sign of {self.sign_of}"
            contract["made"] = contract.get("made", {}) | {header: {"sign_of": self.sign_of}}
            contract["columns"][CURRENCY_ROLE] = header
        if self.values:
            contract["values"] = {CURRENCY_ROLE: self.values}
        if self.default:
            contract["where_missing"][CURRENCY_ROLE] = {"do": "default", "value": self.default}


def detect_row_currencies(
    sheet: Sheet, roles: dict[str, str], money: list[SampleColumn], log: DetectionLog
) -> CurrencySource | None:
    """The currencies of the rows, None if no column contains them; changes `roles`.

    Asks `column.currency` if several columns differ, `currency.WORD` for an unknown word, and `currency` for the rows
    with an amount and without a currency.
    """
    if log.answers.get(f"column.{CURRENCY_ROLE}") == NO_COLUMN:
        return None
    if CURRENCY_ROLE not in roles:
        _assign_currency_column(sheet, roles, log)
    if CURRENCY_ROLE not in roles:
        return None
    column = sheet.columns[roles[CURRENCY_ROLE]]
    unknown = [word for word in column.words if not currency_codes(word)]
    unknown_rows = sum(column.words[word] for word in unknown)
    if not column.filled or len(unknown) > _MAX_UNKNOWN or 2 * unknown_rows > column.filled:
        del roles[CURRENCY_ROLE]
        if column.filled:
            evidence = f"most cells of {column.name} are no currencies, such as “{next(iter(column.words))}”"
            log.add_finding(f"column.{CURRENCY_ROLE}", NO_COLUMN, evidence, LIKELY, column.first_lines(*unknown[:1]))
        return None
    values = currency_codes_of_words(column.words, column, log)
    listed = sorted({values.get(word, word.upper()) for word in column.words})
    log.add_finding(CURRENCY_ROLE, ", ".join(listed), f"{column.name} contains the currency of each row", CERTAIN)
    return CurrencySource("", values, _usual_code(column, money, log))


def currency_codes_of_words(words: dict[str, int], column: SampleColumn, log: DetectionLog) -> dict[str, str]:
    """Word → code of those that are no codes themselves. words: with their rows. Asks `currency.WORD` if it is open."""
    values: dict[str, str] = {}
    for word, rows in words.items():
        possible = currency_codes(word)
        if word.upper() in possible:
            continue
        answer = log.answer(f"{CURRENCY_ROLE}.{word}")
        if answer or len(possible) == 1:
            values[word] = (answer or possible[0]).upper()
            continue
        evidence = f"{column.name} has “{word}” in {rows:,} of the sampled rows, and other currencies in others"
        question = f"Which currency is “{word}”?"
        log.add_question(f"{CURRENCY_ROLE}.{word}", question, possible, evidence, column.first_lines(word))
    return values


def currency_codes(word: str) -> tuple[str, ...]:
    """The currencies that a code, a sign or a name may mean."""
    return (word.upper(),) if word.upper() in CURRENCIES and len(word) == 3 else currencies_of_sign(word)


def _assign_currency_column(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> None:
    """Use a column that contains only currencies, whatever its name."""
    free = [column for name, column in sheet.columns.items() if name not in roles.values()]
    names = [column.name for column in free if column.filled and all(map(_is_clear, column.words))]
    columns = {sheet.columns[name].cells: name for name in reversed(names)}
    if len(columns) > 1:
        evidence = "; ".join(
            f"{name} contains {', '.join(islice(sheet.columns[name].words, 5))}" for name in columns.values()
        )
        words = "Which column is the currency of the amounts?"
        log.add_question(f"column.{CURRENCY_ROLE}", words, (*sorted(columns.values()), NO_COLUMN), evidence)
    if names:
        roles[CURRENCY_ROLE] = names[0]
        log.add_finding(f"column.{CURRENCY_ROLE}", names[0], "it contains only currencies", LIKELY)


def _is_clear(word: str) -> bool:
    """Whether a word is a currency in any column; Ft, lei or pen may be another thing."""
    return word in FREQUENT_CURRENCIES or (
        bool(currencies_of_sign(word)) and (not word.isascii() or word == "$") and len(word) == 1
    )


def _usual_code(column: SampleColumn, money: list[SampleColumn], log: DetectionLog) -> str:
    """The currency of rows with an amount and without a currency."""
    rows = [
        row
        for row, cell in enumerate(column.cells)
        if not cell and any(letter in "123456789" for one in money for letter in one.cells[row])
    ]
    if not rows:
        return ""
    answer = (log.answer(CURRENCY_ROLE) or "").upper()
    if not answer:
        lines = tuple(line for line in (column.lines[row] for row in rows[:3]) if line)
        evidence = f"{len(rows):,} of {len(column.cells):,} sampled rows have none, the others " + ", ".join(
            islice(column.words, 5)
        )
        log.add_question(
            CURRENCY_ROLE, f"In which currency are the rows without one in {column.name}?", (), evidence, lines
        )
    return answer


def currency_signs(number_columns: Iterable[tuple[SampleColumn, NumberProfile]], currency: str = "") -> tuple[str, ...]:
    """Currency signs of the number columns, longest first, without those of other currencies than this one."""
    distinct = {
        sign for _, numbers in number_columns for sign in numbers.signs if not is_sign_of_other_currency(sign, currency)
    }
    return tuple(sorted(distinct, key=lambda sign: (-len(sign), sign)))


def detect_currency(
    sheet: Sheet, roles: dict[str, str], number_columns: list[tuple[SampleColumn, NumberProfile]], log: DetectionLog
) -> CurrencySource:
    """The file's currency, or that of each row. Asks `currency` if there is no proof."""
    columns = [column for column, _ in number_columns]
    _ask_contradiction(sheet, roles, columns, log)
    if source := detect_row_currencies(sheet, roles, columns, log) or _by_signs(columns, log):
        return source
    answer = (log.answer("currency") or "").upper()
    if re.fullmatch("[A-Z]{3}", answer):
        return CurrencySource(answer)
    proofs, shared, evidence, lines = _proofs(number_columns)
    if len(proofs) == 1 and (not shared or set(proofs) <= set(shared)):
        currency, (evidence, lines) = next(iter(proofs.items()))
        counts = max(map(count_currency_signs, columns), key=_signed_share)
        if lines and _signed_share(counts) < _MIN_SIGNED_SHARE:
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


def _ask_contradiction(sheet: Sheet, roles: dict[str, str], columns: list[SampleColumn], log: DetectionLog) -> None:
    """Ask `column.currency` if the name of an amount contains another currency than some rows, as of converted ones."""
    named = {code: column.name for column in columns for code in _codes_in_headers(column.name)}
    if CURRENCY_ROLE not in roles or f"column.{CURRENCY_ROLE}" in log.answers or len(named) != 1:
        return
    (code, amount), name = next(iter(named.items())), roles[CURRENCY_ROLE]
    words = [word for word in sheet.columns[name].words if code not in currency_codes(word)]
    if words:
        evidence = f"the name of {amount} contains {code}, and {name} contains {', '.join(islice(words, 5))}"
        question = f"Are the amounts of {amount} in the currency of their row, in {name}, or all in {code}?"
        lines = sheet.columns[name].first_lines(words[0])
        log.add_question(
            f"column.{CURRENCY_ROLE}", question, (name, NO_COLUMN), evidence, lines, none=f"all are in {code}"
        )


def _codes_in_headers(header: str) -> Iterator[str]:
    """The currencies in a header."""
    for code, sign in _IN_HEADER.findall(header):
        if currency := code if code in FREQUENT_CURRENCIES else CURRENCY_SIGNS.get(sign, ""):
            yield currency


def count_currency_signs(column: SampleColumn) -> Counter[str]:
    """Sign → number of amounts with it; the empty one is that of amounts without a sign other than zero."""
    counts: Counter[str] = Counter()
    for word, rows in column.words.items():
        shape = shape_of(pattern := pattern_of(word))
        if shape and (shape.sign or any(digit in word for digit in "123456789") or not pattern.isascii()):
            counts[shape.sign] += rows
    return counts


def _signed_share(counts: Counter[str]) -> float:
    return 1 - counts[""] / counts.total() if counts.total() else 0.0


def _by_signs(columns: list[SampleColumn], log: DetectionLog) -> CurrencySource | None:
    """The currency of each row by the sign of an amount, if a column has signs of several currencies."""
    mixed = [(column, counts) for column in columns if _is_mixed(counts := count_currency_signs(column))]
    if not mixed:
        return None
    column, counts = max(mixed, key=lambda one: _signed_share(one[1]))
    unsigned = counts.pop("", 0)
    cells = {sign: next(word for word in column.words if _sign_of_cell(word) == sign) for sign in counts}
    evidence = "; ".join(f"{rows:,} sampled amounts such as “{cells[sign]}”" for sign, rows in counts.items())
    lines = column.first_lines(*cells.values())
    bare = Counter[str]()
    for sign, rows in counts.items():
        bare[sign.replace(".", "")] += rows
    values = currency_codes_of_words(dict(bare), column, log)
    default = (log.answer("currency") or "").upper() if unsigned else ""
    if unsigned and not default:
        words = f"In which currency are the {unsigned:,} amounts of {column.name} without a sign?"
        log.add_question("currency", words, (), f"the others are {evidence}", lines)
    listed = ", ".join(
        sorted({*values.values(), *(sign.upper() for sign in bare if sign.upper() in FREQUENT_CURRENCIES)})
    )
    log.add_finding("currency", listed, f"the signs of {column.name} differ: {evidence}", LIKELY, lines)
    return CurrencySource("", values, default, column.name)


def _sign_of_cell(word: str) -> str:
    shape = shape_of(pattern_of(word))
    return shape.sign if shape else ""


def _is_mixed(counts: Counter[str]) -> bool:
    return len({currencies_of_sign(sign) or sign for sign in counts if sign}) > 1


def _proofs(
    number_columns: list[tuple[SampleColumn, NumberProfile]],
) -> tuple[dict[str, tuple[str, LineNumbers]], tuple[str, ...], str, LineNumbers]:
    """Currency → proof; and for a sign shared by several currencies, these, with the cell and its line."""
    proofs: dict[str, tuple[str, LineNumbers]] = {}
    shared: tuple[str, ...] = ()
    evidence = ""
    lines: LineNumbers = ()
    for column, numbers in number_columns:
        for sign, cell in numbers.signs.items():
            location = f"“{cell}” in {column.name}"
            if CURRENCY_SIGNS[sign]:
                proofs.setdefault(CURRENCY_SIGNS[sign], (location, column.first_lines(cell)))
            else:
                shared, evidence, lines = SHARED_CURRENCY_SIGNS.get(sign, ()), location, column.first_lines(cell)
        for currency in _codes_in_headers(column.name):
            proofs.setdefault(currency, (f"the name of {column.name}", ()))
    return proofs, shared, evidence, lines
