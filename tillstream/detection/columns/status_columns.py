"""Choose the status column, or join the columns that together decide whether a sale counts."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import product

from tillstream.detection.evidence import ASSUMED, CONFIRM_COLUMN, LIKELY, DetectionLog
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words.headers import CLEAR, header_evidence, match_header
from tillstream.detection.words.status_words import (
    MAX_STATUS_WORDS,
    STATUSES,
    flag_meaning,
    flagged_status,
    is_day_mark,
    is_flag,
    is_kind_header,
    is_no,
    is_status_header,
    status_of,
)
from tillstream.model.columns import IGNORE
from tillstream.model.contract_patterns import edge_words
from tillstream.model.contract_values import Made
from tillstream.model.document_json import JsonObject

_SHOWN_WORDS, _MAX_KINDS = 5, 12
_REVERSED_STATUSES = frozenset({"cancelled", "returned"})
"""Meanings that change the revenue."""

STATUS_SEPARATOR = " / "
_STATUSES_BY_STRENGTH = (IGNORE, "cancelled", "returned", "pending", "completed")
"""The status of a row is the first of these that one of its columns means."""
_DECISIVE_STATUSES = frozenset({IGNORE, "cancelled"})
_MAX_COMBINATIONS = 200


@dataclass(frozen=True)
class _StatusCandidate:
    """A column that may be the status. `header`: how its name shows it, from 0 for not at all."""

    column: SampleColumn
    header: float
    synonym: str
    """The known name that the header equals; empty if it only contains one, or none."""
    mapped: tuple[str, ...]
    """Its known words; for a column of another name only if they change the revenue."""
    reverses: bool
    """Whether a word means cancelled or returned."""

    @property
    def share(self) -> float:
        """Share of the distinct words that are known."""
        return len(self.mapped) / max(len(self.column.words), 1)

    @property
    def is_certain(self) -> bool:
        """Whether the words can be mapped without asking whether this is the status at all."""
        if len(self.column.words) > MAX_STATUS_WORDS:
            return False
        if is_kind_header(self.column.name):
            return True
        if not self.mapped:
            return bool(self.synonym) and is_status_header(self.column.name)
        return self.header > 0 or self.share >= 0.5

    @property
    def rank(self) -> tuple[bool, bool, bool, float, float]:
        return self.reverses, self.is_certain, bool(self.mapped), self.header, self.share


def assign_status(columns: Mapping[str, SampleColumn], assigned: dict[str, str], log: DetectionLog) -> None:
    """Add `status` to `assigned` if a column is one. Asks `column.status` if that is doubtful.

    columns: those without another role.
    """
    candidates = sorted(filter(None, map(_status_candidate, columns.values())), key=lambda one: one.rank, reverse=True)
    if not candidates:
        return
    best, *others = candidates
    if not best.is_certain:
        log.add_question("column.status", *_doubt(best), none="no", kind=CONFIRM_COLUMN)
        return
    assigned["status"] = best.column.name
    kept = [one.column.name for one in others if not decides_status(one.column)]
    also = f"; {' and '.join(kept)} {'is' if len(kept) == 1 else 'are'} kept as extra" if kept else ""
    log.add_finding("column.status", best.column.name, _evidence(best) + also, best.header or LIKELY)


def decides_status(column: SampleColumn, *, with_marks: bool = False) -> bool:
    """Whether words of a column, beside the status, cancel or return rows, or are kinds that are not known.

    with_marks: the status is a column of marks, so that any column with the clear name of a status decides as well.
    """
    one = _status_candidate(column)
    if one is None or not one.is_certain:
        return False
    return (
        one.reverses
        or (is_kind_header(column.name, vague=True) and one.share < 1)
        or (with_marks and one.header >= CLEAR)
    )


def _status_candidate(column: SampleColumn) -> _StatusCandidate | None:
    words = column.words
    if not words:
        return None
    if is_flag(column.name, words):
        return _StatusCandidate(column, ASSUMED, "", tuple(words), reverses=True)
    match = next((match for match in match_header(column.name) if match.role == "status"), None)
    mapped = tuple(word for word in words if status_of(word))
    reverses = any(status_of(word) in _REVERSED_STATUSES for word in mapped)
    if is_kind_header(column.name, vague=bool(mapped)) and 1 < len(words) <= _MAX_KINDS:
        return _StatusCandidate(column, ASSUMED if len(mapped) == len(words) else 0.0, "", mapped, reverses)
    if match:
        is_vague = match.clarity < CLEAR and 2 * len(mapped) < len(words)  # a state such as Ohio
        return None if is_vague else _StatusCandidate(column, match.clarity, match.synonym, mapped, reverses)
    if is_status_header(column.name, vague=True):
        return _StatusCandidate(column, ASSUMED, "", mapped, reverses)
    return _StatusCandidate(column, 0.0, "", mapped, reverses) if reverses and _may_be_status(column) else None


def _may_be_status(column: SampleColumn) -> bool:
    """Whether a column that is not named as one is filled in most rows with few words, of which most are no numbers."""
    words = column.words
    if len(words) > MAX_STATUS_WORDS or 2 * column.filled < len(column.cells):
        return False
    return sum(map(looks_like_number, words)) <= len(words) / 2


def _doubt(one: _StatusCandidate) -> tuple[str, tuple[str, ...], str, tuple[int, ...]]:
    """Words, choices, evidence and lines of the question whether a column is the status."""
    column, count = one.column, len(one.column.words)
    examples = one.mapped[:_SHOWN_WORDS] or tuple(list(column.words)[:_SHOWN_WORDS])
    described = f"it has {count:,} different words, such as" if count > _SHOWN_WORDS else "its words are"
    if one.mapped:
        described = f"{len(one.mapped):,} of its {count:,} words are those of a status:"
    words = f"Does {column.name} decide whether a sale counts?"
    return words, (column.name, "-"), f"{described} {_quoted(examples)}", column.first_lines(*examples[:2])


def _evidence(one: _StatusCandidate) -> str:
    if one.synonym:
        return header_evidence(one.column.name, one.synonym)
    if is_flag(one.column.name, one.column.words):
        marked = flagged_status(one.column.name) or "counted"
        kind = "rows that are not sales" if marked == IGNORE else f"{marked} rows"
        return f"it marks the {kind} with {_quoted(list(one.column.words)[:2])}"
    if one.mapped:
        return f"its words are those of a status, such as {_quoted(one.mapped[:2])}"
    return "its name contains that of a status"


def _quoted(words: Iterable[str]) -> str:
    return " and ".join(filter(None, [", ".join(f"“{word}”" for word in list(words)[:-1]), f"“{list(words)[-1]}”"]))


@dataclass(frozen=True)
class JoinedStatus:
    """The derived columns of the status; empty if one column contains it as it is."""

    made: dict[str, JsonObject] = field(default_factory=dict)
    """The contract's `made`."""
    parts: tuple[str, ...] = ()
    """The columns of the file that decide."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """Joined words → status, as far as it follows from the words of the columns; also those of no sampled row."""


def join_status_columns(
    sheet: Sheet,
    roles: dict[str, str],
    texts: Iterable[SampleColumn],
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
    deciding = {name, *also, *marks, *_others_that_decide(sheet.columns[name], texts, log)}
    parts = tuple(one for one in sheet.names if one in deciding)
    dated = {one: f"{one}?" for one in parts if _is_date_mark(sheet.columns[one], among=len(parts))}
    if len(parts) == 1 and not dated:
        return sheet, JoinedStatus()
    made: dict[str, JsonObject] = {header: {"filled": one, "word": one} for one, header in dated.items()}
    names = tuple(dated.get(one, one) for one in parts)
    roles["status"] = STATUS_SEPARATOR.join(names)
    if len(names) > 1:
        made[roles["status"]] = {"join": list(names), "between": STATUS_SEPARATOR}
        log.findings[:] = [one for one in log.findings if one.about != "column.status"]
        log.add_finding("column.status", roles["status"], f"{' and '.join(parts)} both decide", LIKELY)
    sheet = with_derived_columns(sheet, {header: Made(**rule) for header, rule in made.items()})
    choices = []
    for header, part in zip(names, parts, strict=True):
        words = _part_meanings(sheet.columns[header], part, log)
        choices.append(words | {"": "completed"} if part in marks and "" in words else words)
    return sheet, JoinedStatus(made, parts, dict(_meanings(choices)))


def _others_that_decide(status: SampleColumn, texts: Iterable[SampleColumn], log: DetectionLog) -> list[str]:
    is_mark = is_flag(status.name, status.words)
    others = (one for one in texts if decides_status(one, with_marks=is_mark))
    return [one.name for one in others if not _is_repeated(status, one, log)]


def with_derived_columns(sheet: Sheet, made: Mapping[str, Made]) -> Sheet:
    """Add the columns that a contract derives by joining others, from filled ones, or from words of a text."""
    columns = dict(sheet.columns)
    for header, rule in made.items():
        if rule.split or any(name not in columns for name in rule.headers):
            continue
        rows = zip(*(columns[name].cells for name in rule.headers), strict=True)
        if rule.word_of:
            cells = tuple(edge_words(columns[rule.word_of].cells, rule.words))
        else:
            cells = tuple(
                rule.word * bool(row[0])
                if rule.filled
                else reduce(lambda left, right: _join_columns(left, right, rule), row)
                for row in rows
            )
        columns[header] = SampleColumn(header, cells, columns[rule.headers[0]].lines)
    return replace(sheet, columns=columns)


def _join_columns(left: str, right: str, rule: Made) -> str:
    return rule.between.join(filter(None, (left, right)))


def _is_repeated(status: SampleColumn, other: SampleColumn, log: DetectionLog) -> bool:
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


def _is_date_mark(column: SampleColumn, among: int) -> bool:
    """Whether its filled cells mark rows: dates, or beside other columns also a yes without a no."""
    if not flagged_status(column.name) or not is_flag(column.name, column.words):
        return False
    return any(map(is_day_mark, column.words)) or (among > 1 and not any(map(is_no, column.words)))


def _part_meanings(column: SampleColumn, part: str, log: DetectionLog) -> dict[str, str]:
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
        strongest = min(filter(None, meanings), key=_STATUSES_BY_STRENGTH.index, default="")
        if strongest in _DECISIVE_STATUSES or (strongest in STATUSES and all(meanings)):
            yield STATUS_SEPARATOR.join(filter(None, words)), strongest
