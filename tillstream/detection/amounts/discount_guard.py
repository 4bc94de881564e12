"""Ask before a discount is used that leaves most lines with a net amount of zero or less."""

from collections.abc import Sequence

from tillstream.detection.arithmetic.money import TOLERANCE, MoneyRows, Row, money_rows
from tillstream.detection.evidence import DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

KEY = "discount_confirmed"
_MIN_ROWS, _MOST = 10, 0.5
_TOTALS = frozenset({"amount", "net_amount", "gross_amount"})


def confirm(money: MoneyRows, roles: dict[str, str], log: DetectionLog) -> None:
    """Remove the discount from `roles`, in place, unless it is plausible or was confirmed. Asks `discount_confirmed`.

    money: with the discount as an amount. A total in the file is not reduced by the discount, so nothing is asked.
    """
    if not {"quantity", "unit_price", "discount"} <= set(roles) or _TOTALS & set(roles):
        return
    evidence, lines = describe(money, roles["discount"])
    looks_like_price = "" if evidence else _describe_price(money, roles)
    answer = log.answer(KEY) if evidence or looks_like_price else "yes"
    if answer == "yes":
        return
    name = roles.pop("discount")
    if looks_like_price and answer == "no" and "column.unit_price" not in log.answers:
        words = "Which column is the price of one unit that was paid?"
        log.add_question("column.unit_price", words, (name, roles["unit_price"]), looks_like_price)
    for row in money.rows:
        row.pop("discount", None)
    if answer is None:
        words = f"Is {name} really a discount on the line, which is subtracted from quantity × price?"
        log.add_question(KEY, words, ("yes", "no"), evidence or looks_like_price, lines)


def _describe_price(money: MoneyRows, roles: dict[str, str]) -> str:
    """The evidence that a discount is the price after the discount; empty if it is not."""
    rows = [row for row in money.rows if row.get("unit_price") and row.get("discount")]
    equal = sum(abs(row["discount"] - row["unit_price"]) <= TOLERANCE for row in rows)
    higher = sum(row["discount"] > row["unit_price"] + TOLERANCE for row in rows)
    if len(rows) < _MIN_ROWS or equal <= _MOST * len(rows) or higher:
        return ""
    share = percentage(equal / len(rows))
    return f"{roles['discount']} is equal to {roles['unit_price']} in {share} of {len(rows):,} rows, and never higher"


def describe(money: MoneyRows, name: str) -> tuple[str, tuple[int, ...]]:
    """The evidence that a discount leaves most lines with zero or less, and the line of an example; empty if not."""
    priced = [
        (row, line)
        for row, line in zip(money.rows, money.lines, strict=True)
        if row.get("quantity") and row.get("unit_price")
    ]
    consumed = [(row, line) for row, line in priced if _is_consumed(row)]
    if not priced or len(consumed) <= _MOST * len(priced):
        return "", ()
    row, line = consumed[0]
    full, discount = row["quantity"] * row["unit_price"], row["discount"]
    place = f"line {line:,}" if line else "the first of them"
    share = percentage(len(consumed) / len(priced))
    return (
        f"with {name} as the discount, {share} of {len(priced):,} rows have a net amount of zero or less; "
        f"in {place}, {row['quantity']:g} × {row['unit_price']:g} − {discount:g} is "
        f"{round(full - discount, 2):g}"
    ), (line,) if line else ()


def plausible(sheet: Sheet, roles: dict[str, str], names: Sequence[str], style: NumberStyle) -> tuple[str, ...]:
    """The columns that can be a discount in money: most lines keep a net amount above zero."""
    rows = ((name, money_rows(sheet, roles | {"discount": name}, style)) for name in names)
    return tuple(name for name, money in rows if not describe(money, name)[0])


def _is_consumed(row: Row) -> bool:
    """Whether the discount is as large as the line; returns have negative amounts."""
    full, discount = row["quantity"] * row["unit_price"], row.get("discount", 0.0)
    return discount != 0 and (full - discount) * (1 if full > 0 else -1) <= 0
