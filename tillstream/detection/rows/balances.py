"""Rows with the balance of a period, which are no sales."""

from tillstream.detection.columns.total_rows import KEY
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.words.footers import balance_words


def decide(sheet: Sheet, log: DetectionLog) -> dict[str, tuple[str, ...]]:
    """Header → cells such as Opening balance, whose rows are no sales, unless the answer `total_rows` keeps them."""
    names = balance_words()
    where = {name: tuple(w for w in column.words if w.casefold() in names) for name, column in sheet.columns.items()}
    where = {name: words for name, words in where.items() if words and log.answer(KEY) != "no"}
    for name, words in where.items():
        lines = sheet.columns[name].first_lines(*words)
        log.add_finding(
            "ignore_where", f"{name}: {', '.join(words)}", "these rows are balances, not sales", LIKELY, lines
        )
    return where
