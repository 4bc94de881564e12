"""Determine whether a discount is an amount, a rate or a percentage, and ask before an implausible one is used."""

from collections.abc import Callable, Sequence

from tillstream.detection.amounts.arithmetic import (
    MIN_SHARE,
    TOLERANCE,
    MoneyRow,
    MoneyRows,
    are_fractions,
    may_be_rates,
    money_rows,
)
from tillstream.detection.evidence import LIKELY, DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.headers import is_rate_header

DISCOUNT_CONFIRMED_KEY = "discount_confirmed"
_MIN_ROWS, _MAJORITY = 10, 0.5
_TOTAL_ROLES = frozenset({"amount", "net_amount", "gross_amount"})

DISCOUNT_KINDS = ("amount", "rate", "percent")
_TO_AMOUNT: dict[str, Callable[[float, float], float]] = {
    "amount": lambda _, discount: discount,
    "rate": lambda full, discount: full * discount,
    "percent": lambda full, discount: full * discount / 100,
}
_NET_ROLES = frozenset({"net_amount", "amount"})


def confirm_discount(money: MoneyRows, roles: dict[str, str], log: DetectionLog) -> None:
    """Remove the discount from `roles`, in place, unless it is plausible or was confirmed. Asks `discount_confirmed`.

    money: with the discount as an amount. A total in the file is not reduced by the discount, so nothing is asked.
    """
    if not {"quantity", "unit_price", "discount"} <= set(roles) or _TOTAL_ROLES & set(roles):
        return
    evidence, lines = describe_consumed_lines(money, roles["discount"])
    looks_like_price = "" if evidence else _describe_price(money, roles)
    answer = log.answer(DISCOUNT_CONFIRMED_KEY) if evidence or looks_like_price else "yes"
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
        log.add_question(DISCOUNT_CONFIRMED_KEY, words, ("yes", "no"), evidence or looks_like_price, lines)


def _describe_price(money: MoneyRows, roles: dict[str, str]) -> str:
    """The evidence that a discount is the price after the discount; empty if it is not."""
    rows = [row for row in money.rows if row.get("unit_price") and row.get("discount")]
    equal = sum(abs(row["discount"] - row["unit_price"]) <= TOLERANCE for row in rows)
    higher = sum(row["discount"] > row["unit_price"] + TOLERANCE for row in rows)
    if len(rows) < _MIN_ROWS or equal <= _MAJORITY * len(rows) or higher:
        return ""
    share = percentage(equal / len(rows))
    return f"{roles['discount']} is equal to {roles['unit_price']} in {share} of {len(rows):,} rows, and never higher"


def describe_consumed_lines(money: MoneyRows, name: str) -> tuple[str, tuple[int, ...]]:
    """The evidence that a discount leaves most lines with zero or less, and the line of an example; empty if not."""
    priced = [
        (row, line)
        for row, line in zip(money.rows, money.lines, strict=True)
        if row.get("quantity") and row.get("unit_price")
    ]
    consumed = [(row, line) for row, line in priced if _is_consumed(row)]
    if not priced or len(consumed) <= _MAJORITY * len(priced):
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


def plausible_discounts(
    sheet: Sheet, roles: dict[str, str], names: Sequence[str], style: DetectedNumberStyle
) -> tuple[str, ...]:
    """The columns that can be a discount in money: most lines keep a net amount above zero."""
    rows = ((name, money_rows(sheet, roles | {"discount": name}, style)) for name in names)
    return tuple(name for name, money in rows if not describe_consumed_lines(money, name)[0])


def _is_consumed(row: MoneyRow) -> bool:
    """Whether the discount is as large as the line; returns have negative amounts."""
    full, discount = row["quantity"] * row["unit_price"], row.get("discount", 0.0)
    return discount != 0 and (full - discount) * (1 if full > 0 else -1) <= 0


def detect_discount_kind(
    money: MoneyRows, roles: dict[str, str], log: DetectionLog, *, percent: bool
) -> tuple[str, bool]:
    """The kind of the discount column, empty if there is none, and whether its amounts have a minus sign.

    percent: its cells contain `%`. Asks `discount`.

    A rate or percentage is converted to an amount in `money`, so that sums can be compared.
    """
    name = roles.get("discount") or roles.get("discount_rate")
    if not name:
        return "", False
    for row in money.rows:
        if "discount_rate" in row:
            row["discount"] = row.pop("discount_rate")
    is_negative = _turn_discount_signs(money)
    values = [abs(row["discount"]) for row in money.rows if row.get("discount")]
    kind = _kind_of_discount(money, roles, name, values, log, percent=percent)
    roles.pop("discount_rate", None)
    roles.pop("discount", None)
    if is_negative and kind == "amount":
        evidence = f"{name} has a minus sign where the sale has none, and is subtracted like one without it"
        log.add_finding("discount.sign", "negative", evidence, LIKELY)
    if kind:
        roles["discount"] = name
        for row in money.rows:
            if row.get("discount") and kind != "amount":
                row["discount"] = _TO_AMOUNT[kind](
                    row.get("quantity", 0.0) * row.get("unit_price", 0.0), row["discount"]
                )
    return kind, is_negative and kind == "amount"


def _turn_discount_signs(money: MoneyRows) -> bool:
    """Whether discounts of sales have a minus sign; it is removed from the rows then."""
    sold = [row for row in money.rows if row.get("discount") and _discount_amount(row) > 0]
    negative = sum(row["discount"] < 0 for row in sold)
    if not negative or negative < MIN_SHARE * len(sold):
        return False
    for row in money.rows:
        if "discount" in row:
            row["discount"] *= -1
    return True


def _discount_amount(row: MoneyRow) -> float:
    """The amount of a row, whose sign is that of the sale."""
    totals = [row[name] for name in ("net_amount", "amount", "gross_amount") if name in row]
    return totals[0] if totals else row.get("quantity", 1.0) * row.get("unit_price", 0.0)


def _kind_of_discount(
    money: MoneyRows, roles: dict[str, str], name: str, values: list[float], log: DetectionLog, *, percent: bool
) -> str:
    priced = {"quantity", "unit_price"} <= set(roles)
    answer = log.answer("discount")
    if answer in DISCOUNT_KINDS and (priced or answer == "amount"):
        return str(answer)
    is_rate = percent or is_rate_header(name)
    if not priced and (is_rate or are_fractions(values)):
        log.add_finding(
            "discount", "rate", f"{name} contains rates, not amounts, and there is no price to apply them to", LIKELY
        )
        return ""
    if not values:
        log.add_finding("discount", "amount", f"{name} is empty or 0 in all sampled rows", LIKELY)
        return "" if is_rate else "amount"
    proved_kinds = _proved_kinds(money) if priced else []
    if len(proved_kinds) == 1:
        log.add_finding("discount", proved_kinds[0], f"so {name} explains the total of its line", MIN_SHARE)
        return proved_kinds[0]
    return _kind_by_values(
        name,
        values,
        log,
        is_rate=is_rate,
        percent=percent,
        has_total=bool(_NET_ROLES & set(roles)) and not proved_kinds,
    )


def _kind_by_values(
    name: str, values: list[float], log: DetectionLog, *, is_rate: bool, percent: bool, has_total: bool
) -> str:
    """Choose a kind by values if no sum proves one. has_total: the file has a total that no kind explains."""
    if percent:
        log.add_finding("discount", "percent", f"as the cells of {name} show", LIKELY)
        return "percent"
    if not is_rate and not may_be_rates(values):
        log.add_finding("discount", "amount", f"{name} contains cents, or values over 100", LIKELY)
        return "amount"
    if has_total:
        log.add_finding("discount", "-", f"no sum shows the effect of {name}, and the file has its own total", LIKELY)
        return ""
    log.add_question("discount", f"What does {name} contain?", DISCOUNT_KINDS, "the line totals do not show it")
    return "amount"


def _proved_kinds(money: MoneyRows) -> list[str]:
    """Kinds that explain the totals of discounted rows: net, gross less tax, or gross."""
    rows = [row for row in money.rows if row.get("discount") and {"quantity", "unit_price"} <= set(row)]
    kinds = []
    for kind, to_amount in _TO_AMOUNT.items():
        for total in (_net_less_discount, _gross_less_tax, _gross_less_discount):
            checked = [(row, value) for row in rows if (value := total(row)) is not None]
            matching = sum(
                abs(full_price - to_amount(full_price, row["discount"]) - value) <= TOLERANCE
                for row, value in checked
                for full_price in (row["quantity"] * row["unit_price"],)
            )
            if checked and matching >= MIN_SHARE * len(checked):
                kinds.append(kind)
                break
    return kinds


def _net_less_discount(row: MoneyRow) -> float | None:
    return row.get("net_amount", row.get("amount"))


def _gross_less_tax(row: MoneyRow) -> float | None:
    total = row.get("gross_amount", row.get("amount"))
    return None if total is None or "tax" not in row else total - row["tax"]


def _gross_less_discount(row: MoneyRow) -> float | None:
    return row.get("gross_amount")
