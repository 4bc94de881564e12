"""Ask whether rows that occur again are sales of their own. Asks `repeats` and `repeats.HEADER`.

Exports are appended to themselves, or joined with another table: then a line is repeated for each payment or each
salesperson of its sale.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from tillstream.detection.amounts.charges import is_tip
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words.headers import match_header

KEY, ANSWERS = "repeats", ("sales",)
_MIN_ROWS, _MOST, _MIN_COPIES, _SHOWN = 5, 0.5, 2, 3
_TENDER = re.compile(
    r"\btenders?\b|\bpayments?\b(?!.*(?:date|status|term|amount|id\b|ref))|\bpay (?:type|method|mode)\b|"
    r"\bpaid (?:by|with)\b|zahlungsart|zahlart|zahlweise|zahlungsmittel|zahlungsmethode|bezahlart|paiement|"
    r"r[èe]glement|de pago|de cobro|pagamento|betaal(?:wijze|methode)|płatnoś|platb|betalingsm|betalsätt|支払|決済|"
    r"支付方式|付款方式|결제",
    re.IGNORECASE,
)
"""Names of columns that contain how a sale was paid."""


def decide(sheet: Sheet, roles: Mapping[str, str], log: DetectionLog, identity: Sequence[str]) -> None:
    """Ask about repeated rows. roles: role → header. identity: columns that identify sales together.

    The only answer is that they are sales: repeats cannot be left out, so the file must be exported again.
    """
    if "sale_id" not in roles:
        _ask_equal(_always_repeated(sheet), log)
        return
    own = [name for role, name in roles.items() if role != "salesperson_id"]
    mapped = tuple(name for name in dict.fromkeys((*own, *identity)) if name in sheet.columns)
    partial = [name for name in _dividing(sheet, roles, mapped) if _ask_copies(sheet, mapped, name, log)]
    if not partial and not _has_line_numbers(sheet, roles):
        _ask_equal(_repeated(sheet, mapped), log)


def is_tender(name: str) -> bool:
    """Whether a header is that of how a sale was paid."""
    return bool(_TENDER.search(re.sub(r"[\W_]+", " ", name))) and not is_tip(name)


def _dividing(sheet: Sheet, roles: Mapping[str, str], mapped: Collection[str]) -> Iterator[str]:
    """The columns of payments and of salespeople, for each of which a line may be repeated."""
    for name, column in sheet.columns.items():
        is_seller = name == roles.get("salesperson_id") or any(
            match.role == "salesperson_id" for match in match_header(name)
        )
        if name in mapped or not (is_seller or is_tender(name)) or len(column.words) < _MIN_COPIES:
            continue
        if is_seller or sum(map(looks_like_number, column.words)) <= _MOST * len(column.words):
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
    if copies < (1 if is_tender(name) else _MIN_COPIES):
        return False
    key = f"{KEY}.{name}"
    if log.answer(key) is None:
        words = (
            f"Are the lines that are repeated with another {name} sales of their own? If a line is repeated for each "
            f"{name} of its sale, it would count several times: export the file with one row for each line, without "
            f"{name}, and read that."
        )
        evidence = f"{copies:,} of {sheet.rows:,} rows are equal to another line of their sale and differ in {name}"
        log.add_question(key, words, ANSWERS, evidence, _lines(sheet, repeated[0][:2]))
    return True


def _ask_equal(proof: tuple[str, tuple[int, ...]], log: DetectionLog) -> None:
    evidence, lines = proof
    if evidence and log.answer(KEY) is None:
        words = (
            "Are the rows that occur more than once sales of their own? If they are the same sales, they would count "
            "several times: export the file again with one row for each line, and read that."
        )
        log.add_question(KEY, words, ANSWERS, evidence, lines)


def _has_line_numbers(sheet: Sheet, roles: Mapping[str, str]) -> bool:
    """Whether lines have numbers, so that equal ones count once."""
    return "line_key" in roles and roles["line_key"] in sheet.columns


def _repeated(sheet: Sheet, mapped: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """The evidence that half of the rows or more repeat a line of their sale, and the lines of a pair; or empty."""
    keys = list(zip(*(sheet.columns[name].cells for name in mapped), strict=True))
    first = {key: row for row, key in reversed([*enumerate(keys)])}
    repeats = [row for row, key in enumerate(keys) if first[key] != row]
    if len(first) < _MIN_ROWS or len(repeats) < _MOST * len(keys):
        return "", ()
    pairs = [(first[keys[row]], row) for row in repeats]
    others = [
        name
        for name, column in sheet.columns.items()
        if name not in mapped and any(column.cells[one] != column.cells[other] for one, other in pairs)
    ]
    evidence = f"{len(repeats):,} of {len(keys):,} rows are equal to an earlier line of their sale"
    if others:
        more = " and others" if len(others) > _SHOWN else ""
        evidence += f" and differ only in {', '.join(others[:_SHOWN])}{more}"
    return evidence, _lines(sheet, pairs[0])


def _always_repeated(sheet: Sheet) -> tuple[str, tuple[int, ...]]:
    """The evidence that every row occurs twice, or an even number of times, and the lines of a pair; or empty."""
    keys = list(zip(*(column.cells for column in sheet.columns.values()), strict=True))
    counts = Counter(keys)
    if len(counts) < _MIN_ROWS or any(count % 2 for count in counts.values()):
        return "", ()
    return f"each of {len(counts):,} rows occurs two or more times", _lines(sheet, (0, keys.index(keys[0], 1)))


def _lines(sheet: Sheet, rows: Sequence[int]) -> tuple[int, ...]:
    lines = next(iter(sheet.columns.values())).lines
    return tuple(lines[row] for row in rows if lines[row])
