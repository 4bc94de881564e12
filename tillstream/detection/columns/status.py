"""Map status words; without them, ask for columns of marks, or detect returns by sale id or negative quantity.

Columns of marks contain yes or no, plus or minus, single letters or codes of documents, the numbers of kinds under a
name such as Type, most of them the same, or remarks such as “keyed in error”. No other column explains them, and
letters, codes and remarks are the same on all lines of a sale.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from tillstream.detection.amounts.arithmetic import to_float
from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.columns.column_uses import amounts_by_word
from tillstream.detection.evidence import CERTAIN, CHOICE, CONFIRM_COLUMN, LIKELY, NO_COLUMN, DetectionLog, WordUse
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.status_words import (
    MAX_STATUS_WORDS,
    STATUSES,
    are_sign_words,
    flag_meaning,
    flagged_status,
    is_document_word,
    is_flag,
    is_flag_word,
    is_harmless_flag,
    is_kind_header,
    reversed_column,
    status_of,
    suggests_status,
)
from tillstream.model.batch import OTHER_WORDS, UnknownWord
from tillstream.model.columns import IGNORE
from tillstream.model.contract import Contract

_MIN_NEGATIVE_SHARE, _MIN_UNSIGNED_SHARE = 0.95, 0.5
_MINUS_SIGNS = "-−(△▲"
_PREFIX = re.compile(r"^([^\W\d_]{1,4}|[^\W\d_]{1,4}[-/])(?=\d)")

_MIN_ROWS, _MIN_MAIN_SHARE, _MAX_LETTERS, _MAX_REMARKS, _MAX_CODE = 10, 0.6, 6, 12, 4
_MIN_COUNT = 2
"""Rows that each value has at least."""
_UNRELATED_ROLES = NUMERIC_ROLES | {"sale_id", "date", "time"}
"""Roles of columns that differ from sale to sale, which explain no other column."""

STATUS_CHOICES = (*STATUSES, IGNORE)
_MAX_TABLE = 200
"""Words of a status column that are shown; the rest of a larger column is quarantined."""


def detect_returns(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, rule: dict[str, object], log: DetectionLog
) -> None:
    """Detect returns by a sale id prefix that coincides with negative quantities, else by negative quantities."""
    signed = roles.get("quantity") or roles.get("net_amount") or roles.get("gross_amount")
    if not signed:
        return
    column = sheet.columns[signed]
    negative = {word for word in column.words if (value := to_float(word, style)) is not None and value < 0}
    negative_rows = sum(column.words[word] for word in negative)
    if "quantity" in roles:
        _ask_for_negative_totals(sheet, roles, style, rule, log)
    if not negative_rows:
        return
    lines = column.first_lines(*sorted(negative)[:2])
    _ask_for_unsigned_totals(sheet, roles, column, negative, style, rule, log)
    if log.answers.get("returns") == "keep":
        return
    prefix = _return_prefix(sheet, roles, column.cells, negative)
    if prefix:
        letters, rows, matching = prefix
        rule["prefixes"] = {letters: "returned"}
        evidence = (
            f"{matching:,} of {rows:,} rows whose {roles['sale_id']} begins with {letters} have a negative {signed}"
        )
        log.add_finding("returns", f"prefix {letters}", evidence, CERTAIN if matching == rows else LIKELY, lines)
    elif "quantity" in roles:
        rule["negative_quantity"] = "returned"
        one_or_more = "row has" if negative_rows == 1 else "rows have"
        log.add_finding(
            "returns", "negative quantity", f"{negative_rows:,} {one_or_more} a negative {signed}", LIKELY, lines
        )


def _ask_for_unsigned_totals(
    sheet: Sheet,
    roles: dict[str, str],
    column: SampleColumn,
    negative: set[str],
    style: DetectedNumberStyle,
    rule: dict[str, object],
    log: DetectionLog,
) -> None:
    """Ask whether rows with a negative quantity are subtracted, if their totals have no minus sign. Asks `returns`."""
    name = roles.get("net_amount") or roles.get("gross_amount", "")
    if not name or name == column.name:
        return
    cells = zip(column.cells, sheet.columns[name].cells, column.lines, strict=True)
    totals = [(to_float(total, style) or 0, line) for cell, total, line in cells if cell in negative]
    positive = [line for total, line in totals if total > 0]
    if not positive or len(positive) < _MIN_UNSIGNED_SHARE * len(totals):
        return
    if log.answer("returns") == "subtract":
        rule["unsigned_returns"] = True
    elif log.answer("returns") is None:
        log.add_question(
            "returns",
            f"Are the rows with a negative {column.name} returns whose {name} is subtracted, or not?",
            ("subtract", "keep"),
            f"{len(positive):,} of {len(totals):,} of these rows have a {name} without a minus sign, which would "
            "add to the revenue",
            tuple(positive[:2]),
        )


def _ask_for_negative_totals(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, rule: dict[str, object], log: DetectionLog
) -> None:
    """Ask whether rows with a negative total and a positive quantity are returns, whose units count. Asks `returns`."""
    quantity, total = roles["quantity"], roles.get("net_amount") or roles.get("gross_amount", "")
    if not total:
        return
    signed = (word for word in sheet.columns[total].words if any(sign in word for sign in _MINUS_SIGNS))
    negative = {word for word in signed if (to_float(word, style) or 0) < 0}
    cells = zip(sheet.columns[quantity].cells, sheet.columns[total].cells, strict=True)
    rows = [
        row for row, (units, amount) in enumerate(cells) if amount in negative and (to_float(units, style) or 0) > 0
    ]
    answer = log.answer("returns")
    if rows and answer == "subtract":
        rule |= {"negative_amount": "returned", "unsigned_returns": True}
    elif rows and answer is None:
        are = "1 row has" if len(rows) == 1 else f"{len(rows):,} rows have"
        lines = tuple(filter(None, (sheet.columns[total].lines[row] for row in rows[:2])))
        log.add_question(
            "returns",
            f"Are the rows with a negative {total} returns whose {quantity} is subtracted, or not, such as discounts?",
            ("subtract", "keep"),
            f"{are} a {total} with a minus sign and a {quantity} without one, which adds to the units",
            lines,
        )


def _return_prefix(
    sheet: Sheet, roles: dict[str, str], cells: tuple[str, ...], negative: set[str]
) -> tuple[str, int, int] | None:
    name = roles.get("sale_id")
    if not name:
        return None
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for sale_id, cell in zip(sheet.columns[name].cells, cells, strict=True):
        match = _PREFIX.match(sale_id)
        counts = rows[match[0] if match else ""]
        counts[0] += 1
        counts[1] += cell in negative
    most_common = max(rows, key=lambda prefix: rows[prefix][0])
    negative_rows = sum(matching for _, matching in rows.values())
    for prefix, (count, matching) in rows.items():
        mostly = matching >= _MIN_NEGATIVE_SHARE * count and matching >= 0.5 * negative_rows
        if prefix and prefix != most_common and mostly and not most_common.startswith(prefix):
            return prefix, count, matching
    return None


def ask_for_marker(sheet: Sheet, roles: Mapping[str, str], style: DetectedNumberStyle, log: DetectionLog) -> None:
    """Ask `column.status` if columns without a role may mark sales that do not count."""
    names = [
        name
        for name, column in sheet.columns.items()
        if name not in roles.values()
        and (_may_flag(column) or (_may_mark(column) and _is_of_sale(sheet, roles, column)))
    ]
    names = [name for name in names if not _is_explained(sheet, roles, name)]
    if not names:
        return
    words, none, kind = "Does a column decide whether a sale counts?", "no column does", CHOICE
    if len(names) == 1:
        words, none, kind = f"Does {names[0]} decide whether a sale counts?", "no", CONFIRM_COLUMN
    evidence = "; ".join(_describe_marker(sheet, roles, name, style) for name in names)
    first = sheet.columns[names[0]]
    rarest = min(first.words, key=lambda word: first.words[word])
    lines = first.first_lines(rarest)
    log.add_question("column.status", words, (*names, NO_COLUMN), evidence, lines, none=none, kind=kind)


def _may_flag(column: SampleColumn) -> bool:
    """Whether it has a yes or no, or a plus or minus, whose meaning its name does not show."""
    words, empty = column.words, len(column.cells) - column.filled
    if len(column.cells) < _MIN_ROWS or len(words) + bool(empty) != 2 or match_header(column.name):
        return False
    if (
        reversed_column(column.name)
        or is_harmless_flag(column.name)
        or max(*words.values(), empty) < _MIN_MAIN_SHARE * len(column.cells)
    ):
        return False
    return all(map(is_flag_word, words)) or are_sign_words(words)


def _may_mark(column: SampleColumn) -> bool:
    words = column.words
    if len(column.cells) < _MIN_ROWS or not words or min(words.values()) < _MIN_COUNT:
        return False
    empty = len(column.cells) - column.filled
    if len(words) + bool(empty) < 2:
        return False
    if any(map(suggests_status, words)):
        return len(words) <= _MAX_REMARKS
    if len(words) > _MAX_LETTERS or max(*words.values(), empty) < _MIN_MAIN_SHARE * len(column.cells):
        return False
    has_marks = _are_letters(words) or _are_codes_of_documents(column) or _are_numbers_of_kinds(column)
    return has_marks and not match_header(column.name)


def _are_letters(words: Collection[str]) -> bool:
    return all(len(word) == 1 and word.isalpha() for word in words) and not all(map(is_flag_word, words))


def _are_codes_of_documents(column: SampleColumn) -> bool:
    """Whether all words are short, and a rare one is that of a document, such as CN of a credit note."""
    if is_harmless_flag(column.name) or not all(len(word) <= _MAX_CODE and word.isalpha() for word in column.words):
        return False
    rare = (word for word, count in column.words.items() if count <= column.filled / 2)
    return any(len(word) > 1 and is_document_word(word, among_numbers=False) for word in rare)


def _are_numbers_of_kinds(column: SampleColumn) -> bool:
    is_short = all(len(word) <= _MAX_CODE and word.isdecimal() for word in column.words)
    return is_short and is_kind_header(column.name, vague=True)


def _is_of_sale(sheet: Sheet, roles: Mapping[str, str], column: SampleColumn) -> bool:
    """Whether all lines of a sale have the same value."""
    if "sale_id" not in roles:
        return True
    pairs = set(zip(sheet.columns[roles["sale_id"]].cells, column.cells, strict=True))
    return len(pairs) == len({sale for sale, _ in pairs})


def _is_explained(sheet: Sheet, roles: Mapping[str, str], name: str) -> bool:
    """Whether each value of another column with few values has one value of this column, as the tax of a product.

    Numbers, days and amounts of sales explain nothing, as in a file of few sales each has one value by chance.
    """
    cells = sheet.columns[name].cells
    unrelated = {roles[role] for role in _UNRELATED_ROLES if role in roles}
    for other in sheet.columns.values():
        if other.name == name or other.name in unrelated or not 1 < len(other.words) <= MAX_STATUS_WORDS:
            continue
        if len(other.words) == other.filled:
            continue
        values: dict[str, set[str]] = defaultdict(set)
        for word, cell in zip(other.cells, cells, strict=True):
            values[word].add(cell)
        if all(len(one) == 1 for one in values.values()):
            return True
    return False


def _describe_marker(sheet: Sheet, roles: Mapping[str, str], name: str, style: DetectedNumberStyle) -> str:
    column, amounts = sheet.columns[name], amounts_by_word(sheet, dict(roles), name, style)
    empty = len(column.cells) - column.filled
    rows = dict(sorted(column.words.items(), key=lambda one: -one[1])) | ({"": empty} if empty else {})
    uses = (
        f"{f'“{word}”' if word else 'nothing'} in {count:,} rows"
        + (f", together {amounts[word]}" if amounts.get(word) else "")
        for word, count in rows.items()
    )
    return f"{name} has {'; '.join(uses)}"


def map_status_words(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, log: DetectionLog, meanings: Mapping[str, str]
) -> tuple[dict[str, object], tuple[WordUse, ...]]:
    """The contract's `status` section, and every word of the status column. Asks `status` and `returns`.

    meanings: those of the words of a derived column; empty for a column of the file.
    """
    rule: dict[str, object] = {}
    name = roles.get("status")
    if name and not sheet.columns[name].words:
        del roles["status"]
        name = None
    uses: tuple[WordUse, ...] = ()
    words: dict[str, str] = {}
    if name:
        uses = _word_uses(sheet, roles, name, style, log, meanings)
        words = {word: meaning for word, meaning in meanings.items() if word}
        words |= {use.word: use.meaning or "completed" for use in uses if use.word}
        rule["words"] = words
        rule["default"] = next((use.meaning or None for use in uses if not use.word), None)
        ask_status_words(name, uses, log, f"{name} is not the status of a sale")
        _ask_for_signs(sheet, roles, name, style, rule, log)
    elif log.answers.get("column.status") != NO_COLUMN:
        ask_for_marker(sheet, roles, style, log)
    if "returned" not in words.values():
        detect_returns(sheet, roles, style, rule, log)
    return rule, uses


def _word_uses(
    sheet: Sheet,
    roles: dict[str, str],
    name: str,
    style: DetectedNumberStyle,
    log: DetectionLog,
    meanings: Mapping[str, str],
) -> tuple[WordUse, ...]:
    """The words of a column, those of most rows first, and last the empty one if rows have no word."""
    column, amounts = sheet.columns[name], amounts_by_word(sheet, roles, name, style)
    words = sorted(column.words, key=lambda word: -column.words[word])[:_MAX_TABLE]
    uses = []
    for word in words:
        meaning = log.answer(f"status.{word}") or ""
        if not meaning and (meaning := meanings.get(word) or status_of(word) or flag_meaning(name, word)):
            evidence = f"a word of {name} in {_rows_by_word(column.words[word], amounts.get(word, ''))}"
            log.add_finding(f"status.{word}", meaning, evidence, LIKELY, column.first_lines(word))
        uses.append(
            WordUse(word, column.words[word], amounts.get(word, ""), meaning, STATUS_CHOICES, column.first_lines(word))
        )
    empty = sheet.rows - column.filled
    marks = bool(flagged_status(name)) and is_flag(name, words)
    answer = log.answer("status.default") or ("completed" if marks else meanings.get("", ""))
    if empty or (answer and not marks and not meanings):
        uses.append(WordUse("", empty, amounts.get("", "") if empty else "", answer, STATUSES))
    return tuple(uses)


def _rows_by_word(rows: int, amount: str) -> str:
    text = f"{rows:,} {'row' if rows == 1 else 'rows'}"
    return f"{text}, together {amount}" if amount else text


def new_status_words(
    sheet: Sheet, roles: dict[str, str], style: DetectedNumberStyle, contract: Contract, log: DetectionLog
) -> list[WordUse]:
    """The sampled words that a contract does not map. Their meaning is only that of an answer: they are not guessed."""
    column = sheet.columns[roles["status"]]
    mapped = {word.strip().casefold() for word in contract.status.words} | set(contract.missing)
    words = [word for word in column.words if word.casefold() not in mapped][:_MAX_TABLE]
    amounts = amounts_by_word(sheet, roles, column.name, style) if words else {}
    return [
        WordUse(
            word,
            column.words[word],
            amounts.get(word, ""),
            log.answer(f"status.{word}") or "",
            STATUS_CHOICES,
            column.first_lines(word),
        )
        for word in words
    ]


def unsampled_status_words(
    unknown: Iterable[UnknownWord], sampled: Collection[str], log: DetectionLog
) -> list[WordUse]:
    """The unknown words of a file that are not among the sampled ones."""
    rows: dict[str, int] = {}
    amounts: dict[str, Decimal] = {}
    for word in unknown:
        if word.word not in sampled and word.word != OTHER_WORDS:
            rows[word.word] = rows.get(word.word, 0) + word.rows
            amounts[word.word] = amounts.get(word.word, Decimal(0)) + Decimal(word.amount)
    return [
        WordUse(word, count, f"{amounts[word]:f}", log.answer(f"status.{word}") or "", STATUS_CHOICES)
        for word, count in rows.items()
    ]


def ask_status_words(name: str, uses: Sequence[WordUse], log: DetectionLog, none: str = "") -> None:
    """Ask for the meaning of all words of a column in one question, if one of them is not known.

    none: what the answer `-` to `column.status` means; empty if it is not possible.
    """
    unknown = [use for use in uses if not use.meaning]
    if not unknown:
        return
    texts = [f"“{use.word}”" if use.word else "no word" for use in unknown[:3]]
    listed = ", ".join(texts) + (f" and {len(unknown) - 3:,} more" if len(unknown) > 3 else "")
    words = f"What does each word of {name} mean for the sale?"
    log.add_question("status", words, STATUS_CHOICES, f"not known: {listed}", unknown[0].lines, tuple(uses), none=none)


def _ask_for_signs(
    sheet: Sheet,
    roles: dict[str, str],
    name: str,
    style: DetectedNumberStyle,
    rule: dict[str, object],
    log: DetectionLog,
) -> None:
    """Ask what returned rows without a minus sign are; they would add to the revenue."""
    words: dict[str, str] = rule["words"]  # type: ignore[assignment]
    column = sheet.columns[name]
    returned = {word for word, meaning in words.items() if meaning == "returned" and word in column.words}
    signed = [roles[role] for role in ("quantity", "net_amount", "gross_amount") if role in roles]
    if not returned or not signed:
        return
    if "returns" in log.assumed:
        rule["unsigned_returns"] = log.answer("returns") == "subtract"
        return
    rows = [row for row, word in enumerate(column.cells) if word in returned]
    first, *others = ([to_float(sheet.columns[one].cells[row], style) or 0 for row in rows] for one in signed)
    if min(first) < 0:
        return
    if any(min(numbers) < 0 for numbers in others):  # units without a minus sign, of totals with one
        rule["unsigned_returns"] = True
        return
    if not any(first):
        return
    answer = log.answer("returns")
    if answer == "subtract":
        rule["unsigned_returns"] = True
    elif answer == "cancel":
        words.update(dict.fromkeys(returned, "cancelled"))
    else:
        _ask_what_returned_rows_are(column, sorted(returned), signed[0], log)


def _ask_what_returned_rows_are(column: SampleColumn, words: Sequence[str], signed: str, log: DetectionLog) -> None:
    listed = " and ".join(f"“{word}”" for word in words)
    log.add_question(
        "returns",
        f"Are the rows of {listed} returns beside their sales, or the sales themselves?",
        ("subtract", "cancel"),
        f"their {signed} has no minus sign, so they would add to the revenue",
        column.first_lines(*words[:2]),
    )
