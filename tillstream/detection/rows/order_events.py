"""Files with a row for each step of an order, such as created, paid and shipped, with its amount in each of them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import LIKELY, DetectionLog, Question
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.status_words import status_of
from tillstream.domain.contract.ignored_cells import word_of

KEY = "event"
ALL = "all"
"""Answer: each row is a sale of its own."""
_MIN_ORDERS, _MIN_REPEATED, _MIN_DISTINCT, _MAX_WORDS = 5, 0.5, 0.95, 12
_ITEM = frozenset({"sale_id", "line_key", "product_id", "product_name"}) | NUMERIC
_REVERSED = frozenset({"cancelled", "returned"})


def decide(sheet: Sheet, profiles: Mapping[str, Profile], log: DetectionLog) -> dict[str, tuple[str, ...]]:
    """Header → cells of the rows that repeat an order in another step than the one that counts. Asks `event`."""
    roles = {name: {match.role for match in match_header(name)} for name in sheet.names if name}
    numbers = [name for name, one in roles.items() if one & NUMERIC]
    if not numbers:
        return {}
    items = {name for name, one in roles.items() if one & _ITEM}
    if not any("sale_id" in one for one in roles.values()):
        items = {name for name in roles if not profiles[name].may_be_date}
    for name, one in roles.items():
        column = sheet.columns[name]
        if one & _ITEM or not 1 < len(column.words) <= _MAX_WORDS or not any(map(status_of, column.words)):
            continue
        if steps := _steps(column, [sheet.columns[item].cells for item in items - {name}]):
            return _counted(column, steps, numbers, log)
    return {}


def _steps(column: Column, items: list[tuple[str, ...]]) -> list[frozenset[str]]:
    """The words of each order or line of an order; empty unless most are repeated, equally often with each word."""
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for *item, word in zip(*items, column.cells, strict=True):
        rows[tuple(item)].append(word)
    repeated = [words for words in rows.values() if len(words) > 1]
    distinct = sum(len(set(words)) > 1 and len(set(Counter(words).values())) == 1 for words in repeated)
    if len(repeated) < max(_MIN_ORDERS, _MIN_REPEATED * len(rows)) or distinct < _MIN_DISTINCT * len(repeated):
        return []
    return list(map(frozenset, rows.values()))


def _counted(
    column: Column, steps: list[frozenset[str]], numbers: Sequence[str], log: DetectionLog
) -> dict[str, tuple[str, ...]]:
    """Ask which step is the sale; the other steps are ignored, but not those that take back a sale that counts."""
    choices = {word: ignored for word in column.words if (ignored := _ignored(word, column, steps)) is not None}
    answer = log.answer(KEY)
    if answer in choices:
        ignored = choices[answer]
        taken_back = [word for word in column.words if word != answer and word not in ignored]
        evidence = f"the amounts of an order are repeated with another {column.name}"
        log.assume({"column.status": column.name, f"status.{answer}": "completed"}, evidence)
        log.assume(dict.fromkeys(map("once.{}".format, numbers), "no"), evidence)
        if taken_back:
            log.assume({"returns": "subtract"} | {f"status.{word}": "returned" for word in taken_back}, evidence)
        log.add_finding("ignore_where", f"{column.name}: {', '.join(ignored)}", evidence, LIKELY)
        return {column.name: tuple(map(word_of, ignored))} if ignored else {}
    if answer != ALL:
        repeated = sum(len(words) > 1 for words in steps)
        order = sorted(choices, key=lambda word: -column.words[word])
        listed = ", ".join(f"“{word}”" for word in column.words)
        log.add_question(
            KEY,
            f"Orders are repeated with another {column.name}: which {column.name} counts as the sale, so that the "
            "others are not counted again?",
            (*order, ALL),
            f"{repeated:,} of {len(steps):,} orders or lines are repeated with the same amounts; {column.name} has "
            f"{listed}",
            column.first_lines(*column.words)[:3],
        )
    return {}


def _ignored(word: str, column: Column, steps: list[frozenset[str]]) -> tuple[str, ...] | None:
    """The words of the rows that do not count if those of `word` do; None if it cannot be the only one that counts.

    A cancelled order is taken back if it counted before. One that never counted is ignored, with all its rows.
    """
    if status_of(word) in _REVERSED:
        return None
    ignored = []
    for other in column.words:
        counted = [word in words for words in steps if other in words]
        if other == word or (status_of(other) in _REVERSED and all(counted)):
            continue
        if status_of(other) in _REVERSED and any(counted):
            return None
        ignored.append(other)
    return tuple(ignored)


def alone(questions: Sequence[Question]) -> tuple[Question, ...]:
    """Only the question `header` or `event` while it is open, as the others depend on its answer; otherwise all."""
    first = [one for key in ("header", KEY) for one in questions if one.key == key]
    return tuple(first[:1]) or tuple(questions)
