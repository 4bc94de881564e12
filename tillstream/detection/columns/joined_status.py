"""Join the columns that together decide whether a sale counts: a kind and a status, or two flags."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import product
from typing import Any

from tillstream.detection.columns import status_columns
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.words.flag_words import flag_meaning, flagged_status, is_day, is_flag, is_no
from tillstream.detection.words.status_words import STATUSES, status_of
from tillstream.domain.columns import IGNORE
from tillstream.domain.contract.edge_words import edge_words
from tillstream.domain.contract.values import Made

BETWEEN = " / "
_STRONGEST = (IGNORE, "cancelled", "returned", "pending", "completed")
"""The status of a row is the first of these that one of its columns means."""
_DECISIVE = frozenset({IGNORE, "cancelled"})
_MAX_COMBINATIONS = 200


@dataclass(frozen=True)
class JoinedStatus:
    """The derived columns of the status; empty if one column contains it as it is."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The contract's `made`."""
    parts: tuple[str, ...] = ()
    """The columns of the file that decide."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """Joined words → status, as far as it follows from the words of the columns; also those of no sampled row."""


def decide(
    sheet: Sheet,
    roles: dict[str, str],
    texts: Iterable[Column],
    log: DetectionLog,
    also: Collection[str] = (),
    marks: Collection[str] = (),
) -> tuple[Sheet, JoinedStatus]:
    """Map `status` to a derived column if several columns decide, or if it is a date that marks rows.

    texts: columns without a role. also: those that are known to decide. marks: derived ones in which an empty cell is
    that of a sale. Returns the sheet with the derived columns.
    """
    name = roles.get("status", "")
    if name not in sheet.columns:
        return sheet, JoinedStatus()
    is_mark = is_flag(name, sheet.columns[name].words)
    others = (one for one in texts if status_columns.decides(one, with_marks=is_mark))
    deciding = {name, *also, *marks, *(one.name for one in others if not _is_repeated(sheet.columns[name], one, log))}
    parts = tuple(one for one in sheet.names if one in deciding)
    dated = {one for one in parts if _is_date_mark(sheet.columns[one], among=len(parts))}
    if len(parts) == 1 and not dated:
        return sheet, JoinedStatus()
    made: dict[str, dict[str, Any]] = {f"{one}?": {"filled": one, "word": one} for one in parts if one in dated}
    names = tuple(f"{one}?" if one in dated else one for one in parts)
    roles["status"] = BETWEEN.join(names)
    if len(names) > 1:
        made[roles["status"]] = {"join": list(names), "between": BETWEEN}
        log.findings[:] = [one for one in log.findings if one.about != "column.status"]
        log.add_finding("column.status", roles["status"], f"{' and '.join(parts)} both decide", LIKELY)
    sheet = complete(sheet, {header: Made(**rule) for header, rule in made.items()})
    choices = [_part_meanings(sheet.columns[one], part, log) for one, part in zip(names, parts, strict=True)]
    for words in (words for words, part in zip(choices, parts, strict=True) if part in marks and "" in words):
        words[""] = "completed"
    return sheet, JoinedStatus(made, parts, dict(_meanings(choices)))


def complete(sheet: Sheet, made: Mapping[str, Made]) -> Sheet:
    """Add the columns that a contract derives by joining others, from filled ones, or from words of a text."""
    columns = dict(sheet.columns)
    for header, rule in made.items():
        if rule.split or any(name not in columns for name in rule.of):
            continue
        rows = zip(*(columns[name].cells for name in rule.of), strict=True)
        if rule.word_of:
            cells = tuple(edge_words(columns[rule.word_of].cells, rule.words))
        else:
            cells = tuple(
                rule.word * bool(row[0]) if rule.filled else reduce(lambda left, right: _joined(left, right, rule), row)
                for row in rows
            )
        columns[header] = Column(header, cells, columns[rule.of[0]].lines)
    return replace(sheet, columns=columns)


def _joined(left: str, right: str, rule: Made) -> str:
    return rule.between.join(filter(None, (left, right)))


def _is_repeated(status: Column, other: Column, log: DetectionLog) -> bool:
    """Whether the other has words that are not known, and those that are reverse only rows that the status reverses."""
    meanings = [_meaning(other.name, word, log) for word in other.cells]
    if all(meaning or not word for meaning, word in zip(meanings, other.cells, strict=True)):
        return False
    pairs = zip(status.cells, meanings, strict=True)
    return all(
        _meaning(status.name, word, log) == meaning for word, meaning in pairs if meaning not in {"", "completed"}
    )


def _meaning(header: str, word: str, log: DetectionLog) -> str:
    return log.answers.get(f"status.{word}") or status_of(word) or flag_meaning(header, word)


def _is_date_mark(column: Column, among: int) -> bool:
    """Whether its filled cells mark rows: dates, or beside other columns also a yes without a no."""
    if not flagged_status(column.name) or not is_flag(column.name, column.words):
        return False
    return any(map(is_day, column.words)) or (among > 1 and not any(map(is_no, column.words)))


def _part_meanings(column: Column, part: str, log: DetectionLog) -> dict[str, str]:
    """Word → status, empty if it is not known; the word of a filled cell is the name of the column."""
    words = {word: _meaning(part, word, log) for word in column.words}
    if column.name != part:
        words = {part: flagged_status(part)}
    if column.filled < len(column.cells):
        words[""] = "completed" if flagged_status(part) and is_flag(part, column.words.keys() - {part} or {"1"}) else ""
    return words


def _meanings(choices: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    for number, words in enumerate(product(*choices)):
        if number >= _MAX_COMBINATIONS:
            return
        meanings = [one[word] for one, word in zip(choices, words, strict=True)]
        strongest = min(filter(None, meanings), key=_STRONGEST.index, default="")
        if strongest in _DECISIVE or (strongest in STATUSES and all(meanings)):
            yield BETWEEN.join(filter(None, words)), strongest
