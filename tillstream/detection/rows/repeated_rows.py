"""Rows that occur again: copies of sales, and a row for each step of an order, such as created and paid.

Exports are appended to themselves, or joined with another table: then a line is repeated for each payment or each
salesperson of its sale.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from tillstream.detection.amounts.charges import is_tip_header
from tillstream.detection.columns.column_roles import NUMERIC_ROLES, ColumnProfile
from tillstream.detection.evidence import LIKELY, DetectionLog, DetectionQuestion
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words.headers import match_header
from tillstream.detection.words.status_words import status_of
from tillstream.model.contract_patterns import word_of_cell

REPEATS_KEY, REPEATS_ANSWERS = "repeats", ("sales",)
_MIN_ROWS, _MIN_SHARE, _MIN_COPIES, _SHOWN_ROWS = 5, 0.5, 2, 3
_TENDER = re.compile(
    r"\btenders?\b|\bpayments?\b(?!.*(?:date|status|term|amount|id\b|ref))|\bpay (?:type|method|mode)\b|"
    r"\bpaid (?:by|with)\b|zahlungsart|zahlart|zahlweise|zahlungsmittel|zahlungsmethode|bezahlart|paiement|"
    r"r[èe]glement|de pago|de cobro|pagamento|betaal(?:wijze|methode)|płatnoś|platb|betalingsm|betalsätt|支払|決済|"
    r"支付方式|付款方式|결제",
    re.IGNORECASE,
)
"""Names of columns that contain how a sale was paid."""

EVENT_KEY = "event"
ALL_EVENTS = "all"
"""Answer: each row is a sale of its own."""
_MIN_ORDERS, _MIN_REPEATED, _MIN_DISTINCT, _MAX_WORDS = 5, 0.5, 0.95, 12
_ITEM_ROLES = frozenset({"sale_id", "line_key", "product_id", "product_name"}) | NUMERIC_ROLES
_REVERSED_STATUSES = frozenset({"cancelled", "returned"})


def ask_repeated_rows(sheet: Sheet, roles: Mapping[str, str], log: DetectionLog, identity: Sequence[str]) -> None:
    """Ask about repeated rows. roles: role → header. identity: columns that identify sales together.

    The only answer is that they are sales: repeats cannot be left out, so the file must be exported again.
    """
    if "sale_id" not in roles:
        _ask_equal(_always_repeated(sheet), log)
        return
    own = [name for role, name in roles.items() if role != "salesperson_id"]
    mapped = tuple(name for name in dict.fromkeys((*own, *identity)) if name in sheet.columns)
    partial = [name for name in _dividing_columns(sheet, roles, mapped) if _ask_copies(sheet, mapped, name, log)]
    if not partial and not _has_line_numbers(sheet, roles):
        _ask_equal(_repeated_rows(sheet, mapped), log)


def is_tender_header(name: str) -> bool:
    """Whether a header is that of how a sale was paid."""
    return bool(_TENDER.search(re.sub(r"[\W_]+", " ", name))) and not is_tip_header(name)


def _dividing_columns(sheet: Sheet, roles: Mapping[str, str], mapped: Collection[str]) -> Iterator[str]:
    """The columns of payments and of salespeople, for each of which a line may be repeated."""
    for name, column in sheet.columns.items():
        is_seller = name == roles.get("salesperson_id") or any(
            match.role == "salesperson_id" for match in match_header(name)
        )
        if name in mapped or not (is_seller or is_tender_header(name)) or len(column.words) < _MIN_COPIES:
            continue
        if is_seller or sum(map(looks_like_number, column.words)) <= _MIN_SHARE * len(column.words):
            yield name


def _ask_copies(sheet: Sheet, mapped: Sequence[str], name: str, log: DetectionLog) -> bool:
    """Ask about the rows that differ from other rows of their sale only in a column; whether there are any."""
    groups: defaultdict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    cells = zip(*(sheet.columns[one].cells for one in mapped), strict=True)
    for row, (line, cell) in enumerate(zip(cells, sheet.columns[name].cells, strict=True)):
        if cell:
            groups[line].setdefault(cell, row)
    repeated = [[*rows.values()] for rows in groups.values() if len(rows) > 1]
    copies = sum(len(rows) - 1 for rows in repeated)
    if copies < (1 if is_tender_header(name) else _MIN_COPIES):
        return False
    key = f"{REPEATS_KEY}.{name}"
    if log.answer(key) is None:
        words = (
            f"Are the lines that are repeated with another {name} sales of their own? If a line is repeated for each "
            f"{name} of its sale, it would count several times: export the file with one row for each line, without "
            f"{name}, and read that."
        )
        evidence = f"{copies:,} of {sheet.rows:,} rows are equal to another line of their sale and differ in {name}"
        log.add_question(key, words, REPEATS_ANSWERS, evidence, _lines_of_rows(sheet, repeated[0][:2]))
    return True


def _ask_equal(proof: tuple[str, tuple[int, ...]], log: DetectionLog) -> None:
    evidence, lines = proof
    if evidence and log.answer(REPEATS_KEY) is None:
        words = (
            "Are the rows that occur more than once sales of their own? If they are the same sales, they would count "
            "several times: export the file again with one row for each line, and read that."
        )
        log.add_question(REPEATS_KEY, words, REPEATS_ANSWERS, evidence, lines)


def _has_line_numbers(sheet: Sheet, roles: Mapping[str, str]) -> bool:
    """Whether lines have numbers, so that equal ones count once."""
    return "line_key" in roles and roles["line_key"] in sheet.columns


def _repeated_rows(sheet: Sheet, mapped: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """The evidence that half of the rows or more repeat a line of their sale, and the lines of a pair; or empty."""
    keys = list(zip(*(sheet.columns[name].cells for name in mapped), strict=True))
    first = {key: row for row, key in reversed([*enumerate(keys)])}
    repeats = [row for row, key in enumerate(keys) if first[key] != row]
    if len(first) < _MIN_ROWS or len(repeats) < _MIN_SHARE * len(keys):
        return "", ()
    pairs = [(first[keys[row]], row) for row in repeats]
    others = [
        name
        for name, column in sheet.columns.items()
        if name not in mapped and any(column.cells[one] != column.cells[other] for one, other in pairs)
    ]
    evidence = f"{len(repeats):,} of {len(keys):,} rows are equal to an earlier line of their sale"
    if others:
        more = " and others" if len(others) > _SHOWN_ROWS else ""
        evidence += f" and differ only in {', '.join(others[:_SHOWN_ROWS])}{more}"
    return evidence, _lines_of_rows(sheet, pairs[0])


def _always_repeated(sheet: Sheet) -> tuple[str, tuple[int, ...]]:
    """The evidence that every row occurs twice, or an even number of times, and the lines of a pair; or empty."""
    keys = list(zip(*(column.cells for column in sheet.columns.values()), strict=True))
    counts = Counter(keys)
    if len(counts) < _MIN_ROWS or any(count % 2 for count in counts.values()):
        return "", ()
    return f"each of {len(counts):,} rows occurs two or more times", _lines_of_rows(sheet, (0, keys.index(keys[0], 1)))


def _lines_of_rows(sheet: Sheet, rows: Sequence[int]) -> tuple[int, ...]:
    lines = next(iter(sheet.columns.values())).lines
    return tuple(lines[row] for row in rows if lines[row])


def detect_order_events(
    sheet: Sheet, profiles: Mapping[str, ColumnProfile], log: DetectionLog
) -> dict[str, tuple[str, ...]]:
    """Header → cells of the rows that repeat an order in another step than the one that counts. Asks `event`."""
    roles = {name: {match.role for match in match_header(name)} for name in sheet.names if name}
    numbers = [name for name, one in roles.items() if one & NUMERIC_ROLES]
    if not numbers:
        return {}
    items = {name for name, one in roles.items() if one & _ITEM_ROLES}
    if not any("sale_id" in one for one in roles.values()):
        items = {name for name in roles if not profiles[name].may_be_date}
    for name, one in roles.items():
        column = sheet.columns[name]
        if one & _ITEM_ROLES or not 1 < len(column.words) <= _MAX_WORDS or not any(map(status_of, column.words)):
            continue
        if steps := _steps_of_orders(column, [sheet.columns[item].cells for item in items - {name}]):
            return _ask_counted_step(column, steps, numbers, log)
    return {}


def _steps_of_orders(column: SampleColumn, items: list[tuple[str, ...]]) -> list[frozenset[str]]:
    """The words of each order or line of an order; empty unless most are repeated, equally often with each word."""
    rows: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for *item, word in zip(*items, column.cells, strict=True):
        rows[tuple(item)].append(word)
    repeated = [words for words in rows.values() if len(words) > 1]
    distinct = sum(len(set(words)) > 1 and len(set(Counter(words).values())) == 1 for words in repeated)
    if len(repeated) < max(_MIN_ORDERS, _MIN_REPEATED * len(rows)) or distinct < _MIN_DISTINCT * len(repeated):
        return []
    return list(map(frozenset, rows.values()))


def _ask_counted_step(
    column: SampleColumn, steps: list[frozenset[str]], numbers: Sequence[str], log: DetectionLog
) -> dict[str, tuple[str, ...]]:
    """Ask which step is the sale; the other steps are ignored, but not those that take back a sale that counts."""
    choices = {word: ignored for word in column.words if (ignored := _ignored_steps(word, column, steps)) is not None}
    answer = log.answer(EVENT_KEY)
    if answer in choices:
        ignored = choices[answer]
        taken_back = [word for word in column.words if word != answer and word not in ignored]
        evidence = f"the amounts of an order are repeated with another {column.name}"
        log.assume({"column.status": column.name, f"status.{answer}": "completed"}, evidence)
        log.assume(dict.fromkeys(map("once.{}".format, numbers), "no"), evidence)
        if taken_back:
            log.assume({"returns": "subtract"} | {f"status.{word}": "returned" for word in taken_back}, evidence)
        log.add_finding("ignore_where", f"{column.name}: {', '.join(ignored)}", evidence, LIKELY)
        return {column.name: tuple(map(word_of_cell, ignored))} if ignored else {}
    if answer != ALL_EVENTS:
        repeated = sum(len(words) > 1 for words in steps)
        order = sorted(choices, key=lambda word: -column.words[word])
        listed = ", ".join(f"“{word}”" for word in column.words)
        log.add_question(
            EVENT_KEY,
            f"Orders are repeated with another {column.name}: which {column.name} counts as the sale, so that the "
            "others are not counted again?",
            (*order, ALL_EVENTS),
            f"{repeated:,} of {len(steps):,} orders or lines are repeated with the same amounts; {column.name} has "
            f"{listed}",
            column.first_lines(*column.words)[:3],
        )
    return {}


def _ignored_steps(word: str, column: SampleColumn, steps: list[frozenset[str]]) -> tuple[str, ...] | None:
    """The words of the rows that do not count if those of `word` do; None if it cannot be the only one that counts.

    A cancelled order is taken back if it counted before. One that never counted is ignored, with all its rows.
    """
    if status_of(word) in _REVERSED_STATUSES:
        return None
    ignored = []
    for other in column.words:
        counted = [word in words for words in steps if other in words]
        if other == word or (status_of(other) in _REVERSED_STATUSES and all(counted)):
            continue
        if status_of(other) in _REVERSED_STATUSES and any(counted):
            return None
        ignored.append(other)
    return tuple(ignored)


def deciding_questions(questions: Sequence[DetectionQuestion]) -> tuple[DetectionQuestion, ...]:
    """Only the question `header` or `event` while it is open, as the others depend on its answer; otherwise all."""
    first = [one for key in ("header", EVENT_KEY) for one in questions if one.key == key]
    return tuple(first[:1]) or tuple(questions)
