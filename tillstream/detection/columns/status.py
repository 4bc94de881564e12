"""Which words mean completed, pending, cancelled or returned, and what else shows a return."""

import re
from collections import defaultdict

from tillstream.detection.amounts.money import number
from tillstream.detection.evidence import CERTAIN, LIKELY, Told
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import Style
from tillstream.detection.words.headers import plain
from tillstream.detection.words.status_words import KNOWN, MEANINGS, MOST_WORDS

_NEGATIVE = 0.95
_PREFIX = re.compile(r"^([^\W\d_]{1,4}|[^\W\d_]{1,4}[-/])(?=\d)")


def decide(sheet: Sheet, roles: dict[str, str], style: Style, told: Told) -> dict[str, object]:
    """The contract's `status` section. Asks `status.WORD` for each word that is not known."""
    rule: dict[str, object] = {}
    name = roles.get("status")
    if name and not 0 < len(sheet.columns[name].words) <= MOST_WORDS:
        del roles["status"]
        name = None
    words: dict[str, str] = {}
    if name:
        words = _words(sheet, name, told)
        rule["words"] = words
        empty = sheet.rows - sheet.columns[name].filled
        said = told.answer("status.default")
        if said in MEANINGS or not empty:
            rule["default"] = said if said in MEANINGS else None
        else:
            told.ask(
                "status.default", f"What is a line without a word in {name}?", MEANINGS, f"{empty:,} rows have none"
            )
    if "returned" not in words.values():
        _returns(sheet, roles, style, rule, told)
    return rule


def _words(sheet: Sheet, name: str, told: Told) -> dict[str, str]:
    column = sheet.columns[name]
    found: dict[str, str] = {}
    for word in column.words:
        said = told.answer(f"status.{word}")
        if said in MEANINGS:
            found[word] = said
        elif meaning := KNOWN.get(plain(word)):
            found[word] = meaning
            told.find(f"status.{word}", meaning, f"a word of {name}", LIKELY, column.line_of(word))
        else:
            told.ask(f"status.{word}", f"What does “{word}” in {name} mean?", MEANINGS, "", column.line_of(word))
            found[word] = "completed"
    return found


def _returns(sheet: Sheet, roles: dict[str, str], style: Style, rule: dict[str, object], told: Told) -> None:
    """By the first letters of the sale number where they go with negative quantities, else by these alone."""
    counted = roles.get("quantity") or roles.get("net_amount") or roles.get("gross_amount")
    if not counted:
        return
    column = sheet.columns[counted]
    negative = {word for word in column.words if (value := number(word, style)) is not None and value < 0}
    below = sum(column.words[word] for word in negative)
    if not below:
        return
    lines = column.line_of(*sorted(negative)[:2])
    prefix = _prefix(sheet, roles, column.cells, negative)
    if prefix:
        letters, rows, fits = prefix
        rule["prefixes"] = {letters: "returned"}
        evidence = f"{fits:,} of {rows:,} rows whose {roles['sale_id']} begins with {letters} have a negative {counted}"
        told.find("returns", f"prefix {letters}", evidence, CERTAIN if fits == rows else LIKELY, lines)
    elif "quantity" in roles:
        rule["negative_quantity"] = "returned"
        one_or_more = "row has" if below == 1 else "rows have"
        told.find("returns", "negative quantity", f"{below:,} {one_or_more} a negative {counted}", LIKELY, lines)


def _prefix(
    sheet: Sheet, roles: dict[str, str], cells: tuple[str, ...], negative: set[str]
) -> tuple[str, int, int] | None:
    name = roles.get("sale_id")
    if not name:
        return None
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for number_, cell in zip(sheet.columns[name].cells, cells, strict=True):
        match = _PREFIX.match(number_)
        counts = rows[match[0] if match else ""]
        counts[0] += 1
        counts[1] += cell in negative
    usual = max(rows, key=lambda prefix: rows[prefix][0])
    below = sum(fits for _, fits in rows.values())
    for prefix, (count, fits) in rows.items():
        mostly = fits >= _NEGATIVE * count and fits >= 0.5 * below
        if prefix and prefix != usual and mostly and not usual.startswith(prefix):
            return prefix, count, fits
    return None
