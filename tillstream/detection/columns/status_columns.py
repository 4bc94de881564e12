"""Choose the status column: by its header in many languages, or by words such as cancelled or refunded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tillstream.detection.evidence import ASSUMED, CONFIRM_COLUMN, LIKELY, DetectionLog
from tillstream.detection.sheet import Column
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words.flag_words import flagged_status, is_flag, is_kind_header
from tillstream.detection.words.headers import CLEAR, evidence_of, match_header
from tillstream.detection.words.status_words import MAX_STATUS_WORDS, is_status_header, status_of
from tillstream.domain.columns import IGNORE

_SHOWN, _MAX_KINDS = 5, 12
_REVERSED = frozenset({"cancelled", "returned"})
"""Meanings that change the revenue."""


@dataclass(frozen=True)
class _Candidate:
    """A column that may be the status. `header`: how its name shows it, from 0 for not at all."""

    column: Column
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


def assign(columns: Mapping[str, Column], assigned: dict[str, str], log: DetectionLog) -> None:
    """Add `status` to `assigned` if a column is one. Asks `column.status` if that is doubtful.

    columns: those without another role.
    """
    candidates = sorted(filter(None, map(_candidate, columns.values())), key=lambda one: one.rank, reverse=True)
    if not candidates:
        return
    best, *others = candidates
    if not best.is_certain:
        log.add_question("column.status", *_doubt(best), none="no", kind=CONFIRM_COLUMN)
        return
    assigned["status"] = best.column.name
    kept = [one.column.name for one in others if not decides(one.column)]
    also = f"; {' and '.join(kept)} {'is' if len(kept) == 1 else 'are'} kept as extra" if kept else ""
    log.add_finding("column.status", best.column.name, _evidence(best) + also, best.header or LIKELY)


def decides(column: Column, *, with_marks: bool = False) -> bool:
    """Whether words of a column, beside the status, cancel or return rows, or are kinds that are not known.

    with_marks: the status is a column of marks, so that any column with the clear name of a status decides as well.
    """
    one = _candidate(column)
    if one is None or not one.is_certain:
        return False
    return (
        one.reverses
        or (is_kind_header(column.name, vague=True) and one.share < 1)
        or (with_marks and one.header >= CLEAR)
    )


def _candidate(column: Column) -> _Candidate | None:
    words = column.words
    if not words:
        return None
    if is_flag(column.name, words):
        return _Candidate(column, ASSUMED, "", tuple(words), reverses=True)
    match = next((match for match in match_header(column.name) if match.role == "status"), None)
    mapped = tuple(word for word in words if status_of(word))
    reverses = any(status_of(word) in _REVERSED for word in mapped)
    if is_kind_header(column.name, vague=bool(mapped)) and 1 < len(words) <= _MAX_KINDS:
        return _Candidate(column, ASSUMED if len(mapped) == len(words) else 0.0, "", mapped, reverses)
    if match is None and not is_status_header(column.name, vague=True):
        is_status = reverses and len(words) <= MAX_STATUS_WORDS and 2 * column.filled >= len(column.cells)
        numeric = sum(map(looks_like_number, words)) > len(words) / 2
        return _Candidate(column, 0.0, "", mapped, reverses) if is_status and not numeric else None
    is_vague = match is not None and match.clarity < CLEAR
    if is_vague and 2 * len(mapped) < len(words):
        return None  # a state such as Ohio
    header = match.clarity if match else ASSUMED
    return _Candidate(column, header, match.synonym if match else "", mapped, reverses)


def _doubt(one: _Candidate) -> tuple[str, tuple[str, ...], str, tuple[int, ...]]:
    """Words, choices, evidence and lines of the question whether a column is the status."""
    column, count = one.column, len(one.column.words)
    examples = one.mapped[:_SHOWN] or tuple(list(column.words)[:_SHOWN])
    described = f"it has {count:,} different words, such as" if count > _SHOWN else "its words are"
    if one.mapped:
        described = f"{len(one.mapped):,} of its {count:,} words are those of a status:"
    words = f"Does {column.name} decide whether a sale counts?"
    return words, (column.name, "-"), f"{described} {_quoted(examples)}", column.first_lines(*examples[:2])


def _evidence(one: _Candidate) -> str:
    if one.synonym:
        return evidence_of(one.column.name, one.synonym)
    if is_flag(one.column.name, one.column.words):
        marked = flagged_status(one.column.name) or "counted"
        kind = "rows that are not sales" if marked == IGNORE else f"{marked} rows"
        return f"it marks the {kind} with {_quoted(list(one.column.words)[:2])}"
    if one.mapped:
        return f"its words are those of a status, such as {_quoted(one.mapped[:2])}"
    return "its name contains that of a status"


def _quoted(words: Iterable[str]) -> str:
    return " and ".join(filter(None, [", ".join(f"“{word}”" for word in list(words)[:-1]), f"“{list(words)[-1]}”"]))
