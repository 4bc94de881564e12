"""Words in number and date columns that may mean a missing value, and quantities that are missing."""

from typing import Any

from tillstream.detection.arithmetic.money import MIN_SHARE, TOLERANCE, money_rows
from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

QUANTITY = "missing_quantity"
_MAX_WORDS, _MIN_COUNT = 3, 2


def decide(
    sheet: Sheet, roles: dict[str, str], profiles: dict[str, Profile], style: NumberStyle, log: DetectionLog
) -> dict[str, Any]:
    """The contract's `where_missing`. Asks `missing.WORD` for each repeated word, and `missing_quantity`."""
    rules: dict[str, Any] = {}
    for role, name in roles.items():
        if role not in NUMERIC and role != "date":
            continue
        profile = profiles[name]
        unparsed = profile.dates.unparsed if role == "date" else profile.numbers.unparsed
        frequent = [word for word in unparsed if profile.column.words[word] >= _MIN_COUNT and not _has_digit(word)][
            :_MAX_WORDS
        ]
        words = [word for word in frequent if _means_missing(word, profile, log)]
        if words:
            rules[role] = {"words": words}
    if rule := _quantity(sheet, roles, style, log):
        rules["quantity"] = rules.get("quantity", {}) | rule
    return rules


def _quantity(sheet: Sheet, roles: dict[str, str], style: NumberStyle, log: DetectionLog) -> dict[str, Any]:
    """The rule for rows without a quantity whose total is the price, as of one piece. Asks `missing_quantity`."""
    total = next((role for role in ("net_amount", "gross_amount") if role in roles), "")
    if not total or not {"quantity", "unit_price"} <= roles.keys():
        return {}
    money = money_rows(sheet, roles, style)
    rows = [row for row in zip(money.rows, money.lines, strict=True) if "quantity" not in row[0] and row[0].get(total)]
    single = sum(abs(row.get("unit_price", 0.0) - row[total]) <= TOLERANCE for row, _ in rows)
    if len(rows) < _MIN_COUNT or single < MIN_SHARE * len(rows):
        return {}
    answer = log.answer(QUANTITY)
    if answer is None:
        name = roles["quantity"]
        words = f"How many units are sold in the rows without a number in {name}?"
        evidence = f"{len(rows):,} of {len(money.rows):,} rows have none, and their total is the price of one unit"
        lines = tuple(line for _, line in rows[:3] if line)
        none = "none: they are no goods, such as shipping"
        log.add_question(QUANTITY, words, ("1", NO_COLUMN), evidence, lines, none=none)
    return {"do": "default", "value": "1"} if answer == "1" else {}


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _means_missing(word: str, profile: Profile, log: DetectionLog) -> bool:
    answer = log.answer(f"missing.{word}")
    if answer is None:
        count, name = profile.column.words[word], profile.column.name
        evidence = f"it occurs {count:,} × in {name}"
        words = f"Does “{word}” mean that the value is missing?"
        log.add_question(f"missing.{word}", words, ("yes", "no"), evidence, profile.column.first_lines(word))
    return answer != "no"
