"""A column with the currency of each row, as codes, signs, or names: EUR, €, Euro."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tillstream.detection.evidence import CERTAIN, LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.domain.money.currencies import CURRENCIES
from tillstream.domain.money.signs import CODES, currencies_of

ROLE = "currency"
_MAX_UNKNOWN = 5
"""Words that are asked; a column with more unknown words is no currency."""


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

    def apply(self, contract: dict[str, Any]) -> None:
        if self.sign_of:
            header = f"Currency sign of {self.sign_of}"
            contract["made"] = contract.get("made", {}) | {header: {"sign_of": self.sign_of}}
            contract["columns"][ROLE] = header
        if self.values:
            contract["values"] = {ROLE: self.values}
        if self.default:
            contract["where_missing"][ROLE] = {"do": "default", "value": self.default}


def decide(sheet: Sheet, roles: dict[str, str], money: list[Column], log: DetectionLog) -> CurrencySource | None:
    """The currencies of the rows, None if no column contains them; changes `roles`.

    Asks `column.currency` if several columns differ, `currency.WORD` for an unknown word, and `currency` for the rows
    with an amount and without a currency.
    """
    if log.answers.get(f"column.{ROLE}") == NO_COLUMN:
        return None
    if ROLE not in roles:
        _assign(sheet, roles, log)
    if ROLE not in roles:
        return None
    column = sheet.columns[roles[ROLE]]
    unknown = [word for word in column.words if not codes(word)]
    unknown_rows = sum(column.words[word] for word in unknown)
    if not column.filled or len(unknown) > _MAX_UNKNOWN or 2 * unknown_rows > column.filled:
        del roles[ROLE]
        if column.filled:
            evidence = f"most cells of {column.name} are no currencies, such as “{next(iter(column.words))}”"
            log.add_finding(f"column.{ROLE}", NO_COLUMN, evidence, LIKELY, column.first_lines(*unknown[:1]))
        return None
    values = codes_of(column.words, column, log)
    listed = sorted({values.get(word, word.upper()) for word in column.words})
    log.add_finding(ROLE, ", ".join(listed), f"{column.name} contains the currency of each row", CERTAIN)
    return CurrencySource("", values, _default(column, money, log))


def codes_of(words: dict[str, int], column: Column, log: DetectionLog) -> dict[str, str]:
    """Word → code of those that are no codes themselves. words: with their rows. Asks `currency.WORD` if it is open."""
    values: dict[str, str] = {}
    for word, rows in words.items():
        possible = codes(word)
        if word.upper() in possible:
            continue
        answer = log.answer(f"{ROLE}.{word}")
        if answer or len(possible) == 1:
            values[word] = (answer or possible[0]).upper()
            continue
        evidence = f"{column.name} has “{word}” in {rows:,} of the sampled rows, and other currencies in others"
        question = f"Which currency is “{word}”?"
        log.add_question(f"{ROLE}.{word}", question, possible, evidence, column.first_lines(word))
    return values


def codes(word: str) -> tuple[str, ...]:
    """The currencies that a code, a sign or a name may mean."""
    return (word.upper(),) if word.upper() in CURRENCIES and len(word) == 3 else currencies_of(word)


def _assign(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> None:
    """Use a column that contains only currencies, whatever its name."""
    free = [column for name, column in sheet.columns.items() if name not in roles.values()]
    names = [column.name for column in free if column.filled and all(map(_is_clear, column.words))]
    columns = {sheet.columns[name].cells: name for name in reversed(names)}
    if len(columns) > 1:
        evidence = "; ".join(
            f"{name} contains {', '.join(islice(sheet.columns[name].words, 5))}" for name in columns.values()
        )
        words = "Which column is the currency of the amounts?"
        log.add_question(f"column.{ROLE}", words, (*sorted(columns.values()), NO_COLUMN), evidence)
    if names:
        roles[ROLE] = names[0]
        log.add_finding(f"column.{ROLE}", names[0], "it contains only currencies", LIKELY)


def _is_clear(word: str) -> bool:
    """Whether a word is a currency in any column; Ft, lei or pen may be another thing."""
    return word in CODES or (bool(currencies_of(word)) and (not word.isascii() or word == "$") and len(word) == 1)


def _default(column: Column, money: list[Column], log: DetectionLog) -> str:
    """The currency of rows with an amount and without a currency."""
    rows = [
        row
        for row, cell in enumerate(column.cells)
        if not cell and any(letter in "123456789" for one in money for letter in one.cells[row])
    ]
    if not rows:
        return ""
    answer = (log.answer(ROLE) or "").upper()
    if not answer:
        lines = tuple(line for line in (column.lines[row] for row in rows[:3]) if line)
        evidence = f"{len(rows):,} of {len(column.cells):,} sampled rows have none, the others " + ", ".join(
            islice(column.words, 5)
        )
        log.add_question(ROLE, f"In which currency are the rows without one in {column.name}?", (), evidence, lines)
    return answer
