"""Map status words; without them, detect returns by sale id prefix or negative quantity."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from tillstream.detection.arithmetic.money import to_float
from tillstream.detection.columns import markers
from tillstream.detection.columns.returns import detect_returns
from tillstream.detection.columns.word_uses import amounts_by_word
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog, WordUse
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import flag_meaning, flagged_status, is_flag
from tillstream.detection.words.status_words import STATUSES, status_of
from tillstream.domain.batch.staging_report import OTHER_WORDS, UnknownWord
from tillstream.domain.columns import IGNORE
from tillstream.domain.contract.model import Contract

CHOICES = (*STATUSES, IGNORE)
_MAX_TABLE = 200
"""Words of a status column that are shown; the rest of a larger column is quarantined."""


def decide(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog, meanings: Mapping[str, str]
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
        ask_for_words(name, uses, log, f"{name} is not the status of a sale")
        _ask_for_signs(sheet, roles, name, style, rule, log)
    elif log.answers.get("column.status") != NO_COLUMN:
        markers.ask(sheet, roles, style, log)
    if "returned" not in words.values():
        detect_returns(sheet, roles, style, rule, log)
    return rule, uses


def _word_uses(
    sheet: Sheet,
    roles: dict[str, str],
    name: str,
    style: NumberStyle,
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
            evidence = f"a word of {name} in {_rows(column.words[word], amounts.get(word, ''))}"
            log.add_finding(f"status.{word}", meaning, evidence, LIKELY, column.first_lines(word))
        uses.append(
            WordUse(word, column.words[word], amounts.get(word, ""), meaning, CHOICES, column.first_lines(word))
        )
    empty = sheet.rows - column.filled
    marks = bool(flagged_status(name)) and is_flag(name, words)
    answer = log.answer("status.default") or ("completed" if marks else meanings.get("", ""))
    if empty or (answer and not marks and not meanings):
        uses.append(WordUse("", empty, amounts.get("", "") if empty else "", answer, STATUSES))
    return tuple(uses)


def _rows(rows: int, amount: str) -> str:
    text = f"{rows:,} {'row' if rows == 1 else 'rows'}"
    return f"{text}, together {amount}" if amount else text


def new_words(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, contract: Contract, log: DetectionLog
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
            CHOICES,
            column.first_lines(word),
        )
        for word in words
    ]


def words_of(unknown: Iterable[UnknownWord], sampled: Collection[str], log: DetectionLog) -> list[WordUse]:
    """The unknown words of a file that are not among the sampled ones."""
    rows: dict[str, int] = {}
    amounts: dict[str, Decimal] = {}
    for word in unknown:
        if word.word not in sampled and word.word != OTHER_WORDS:
            rows[word.word] = rows.get(word.word, 0) + word.rows
            amounts[word.word] = amounts.get(word.word, Decimal(0)) + Decimal(word.amount)
    return [
        WordUse(word, count, f"{amounts[word]:f}", log.answer(f"status.{word}") or "", CHOICES)
        for word, count in rows.items()
    ]


def ask_for_words(name: str, uses: Sequence[WordUse], log: DetectionLog, none: str = "") -> None:
    """Ask for the meaning of all words of a column in one question, if one of them is not known.

    none: what the answer `-` to `column.status` means; empty if it is not possible.
    """
    unknown = [use for use in uses if not use.meaning]
    if not unknown:
        return
    texts = [f"“{use.word}”" if use.word else "no word" for use in unknown[:3]]
    listed = ", ".join(texts) + (f" and {len(unknown) - 3:,} more" if len(unknown) > 3 else "")
    words = f"What does each word of {name} mean for the sale?"
    log.add_question("status", words, CHOICES, f"not known: {listed}", unknown[0].lines, tuple(uses), none=none)


def _ask_for_signs(
    sheet: Sheet, roles: dict[str, str], name: str, style: NumberStyle, rule: dict[str, object], log: DetectionLog
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
    numbers = [[to_float(sheet.columns[one].cells[row], style) or 0 for row in rows] for one in signed]
    negative = [min(of_column) < 0 for of_column in numbers]
    if any(negative):
        if not negative[0]:  # units without a minus sign, of totals with one
            rule["unsigned_returns"] = True
        return
    if not any(numbers[0]):
        return
    answer = log.answer("returns")
    if answer == "subtract":
        rule["unsigned_returns"] = True
    elif answer == "cancel":
        words.update(dict.fromkeys(returned, "cancelled"))
    else:
        listed = " and ".join(f"“{word}”" for word in sorted(returned))
        log.add_question(
            "returns",
            f"Are the rows of {listed} returns beside their sales, or the sales themselves?",
            ("subtract", "cancel"),
            f"their {signed[0]} has no minus sign, so they would add to the revenue",
            column.first_lines(*sorted(returned)[:2]),
        )
