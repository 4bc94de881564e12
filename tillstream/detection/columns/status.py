"""Map status words, and detect returns by sale id prefix or negative quantity."""

import re
from collections import defaultdict

from tillstream.detection.amounts.money import to_float
from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.headers import plain
from tillstream.detection.words.status_words import MAX_STATUS_WORDS, STATUS_BY_WORD, STATUSES

_MIN_NEGATIVE_SHARE = 0.95
_PREFIX = re.compile(r"^([^\W\d_]{1,4}|[^\W\d_]{1,4}[-/])(?=\d)")


def decide(sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog) -> dict[str, object]:
    """The contract's `status` section. Asks `status.WORD` for each unknown word."""
    rule: dict[str, object] = {}
    name = roles.get("status")
    if name and not 0 < len(sheet.columns[name].words) <= MAX_STATUS_WORDS:
        del roles["status"]
        name = None
    words: dict[str, str] = {}
    if name:
        words = _map_words(sheet, name, log)
        rule["words"] = words
        empty = sheet.rows - sheet.columns[name].filled
        answer = log.answer("status.default")
        if answer in STATUSES or not empty:
            rule["default"] = answer if answer in STATUSES else None
        else:
            log.add_question(
                "status.default",
                f"What is the status of a line without a word in {name}?",
                STATUSES,
                f"{empty:,} rows have no word",
            )
    if "returned" not in words.values():
        _detect_returns(sheet, roles, style, rule, log)
    return rule


def _map_words(sheet: Sheet, name: str, log: DetectionLog) -> dict[str, str]:
    column = sheet.columns[name]
    statuses: dict[str, str] = {}
    for word in column.words:
        answer = log.answer(f"status.{word}")
        if answer in STATUSES:
            statuses[word] = answer
        elif meaning := STATUS_BY_WORD.get(plain(word)):
            statuses[word] = meaning
            log.add_finding(f"status.{word}", meaning, f"a word of {name}", LIKELY, column.first_lines(word))
        else:
            log.add_question(
                f"status.{word}", f"What does “{word}” in {name} mean?", STATUSES, "", column.first_lines(word)
            )
            statuses[word] = "completed"
    return statuses


def _detect_returns(
    sheet: Sheet, roles: dict[str, str], style: NumberStyle, rule: dict[str, object], log: DetectionLog
) -> None:
    """Detect returns by a sale id prefix that coincides with negative quantities, else by negative quantities."""
    signed = roles.get("quantity") or roles.get("net_amount") or roles.get("gross_amount")
    if not signed:
        return
    column = sheet.columns[signed]
    negative = {word for word in column.words if (value := to_float(word, style)) is not None and value < 0}
    negative_rows = sum(column.words[word] for word in negative)
    if not negative_rows:
        return
    lines = column.first_lines(*sorted(negative)[:2])
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
