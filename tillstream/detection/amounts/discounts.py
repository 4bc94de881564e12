"""Determine whether a discount is an amount, a rate or a percentage, by the line total."""

from collections.abc import Callable

from tillstream.detection.arithmetic.money import MIN_SHARE, TOLERANCE, MoneyRows, Row, all_fractions, may_be_rates
from tillstream.detection.evidence import LIKELY, DetectionLog
from tillstream.detection.words.headers import is_rate_header

KINDS = ("amount", "rate", "percent")
_TO_AMOUNT: dict[str, Callable[[float, float], float]] = {
    "amount": lambda _, discount: discount,
    "rate": lambda full, discount: full * discount,
    "percent": lambda full, discount: full * discount / 100,
}
_TOTALS = frozenset({"net_amount", "amount"})


def decide(money: MoneyRows, roles: dict[str, str], log: DetectionLog, *, percent: bool) -> tuple[str, bool]:
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
    is_negative = _turn_signs(money)
    values = [abs(row["discount"]) for row in money.rows if row.get("discount")]
    kind = _kind(money, roles, name, values, log, percent=percent)
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


def _turn_signs(money: MoneyRows) -> bool:
    """Whether discounts of sales have a minus sign; it is removed from the rows then."""
    sold = [row for row in money.rows if row.get("discount") and _amount(row) > 0]
    negative = sum(row["discount"] < 0 for row in sold)
    if not negative or negative < MIN_SHARE * len(sold):
        return False
    for row in money.rows:
        if "discount" in row:
            row["discount"] *= -1
    return True


def _amount(row: Row) -> float:
    """The amount of a row, whose sign is that of the sale."""
    totals = [row[name] for name in ("net_amount", "amount", "gross_amount") if name in row]
    return totals[0] if totals else row.get("quantity", 1.0) * row.get("unit_price", 0.0)


def _kind(
    money: MoneyRows, roles: dict[str, str], name: str, values: list[float], log: DetectionLog, *, percent: bool
) -> str:
    priced = {"quantity", "unit_price"} <= set(roles)
    answer = log.answer("discount")
    if answer in KINDS and (priced or answer == "amount"):
        return str(answer)
    is_rate = percent or is_rate_header(name)
    if not priced and (is_rate or all_fractions(values)):
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
        name, values, log, is_rate=is_rate, percent=percent, has_total=bool(_TOTALS & set(roles)) and not proved_kinds
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
    log.add_question("discount", f"What does {name} contain?", KINDS, "the line totals do not show it")
    return "amount"


def _proved_kinds(money: MoneyRows) -> list[str]:
    """Kinds that explain the totals of discounted rows: net, gross less tax, or gross."""
    rows = [row for row in money.rows if row.get("discount") and {"quantity", "unit_price"} <= set(row)]
    kinds = []
    for kind, to_amount in _TO_AMOUNT.items():
        for total in (_net, _gross_less_tax, _gross):
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


def _net(row: Row) -> float | None:
    return row.get("net_amount", row.get("amount"))


def _gross_less_tax(row: Row) -> float | None:
    total = row.get("gross_amount", row.get("amount"))
    return None if total is None or "tax" not in row else total - row["tax"]


def _gross(row: Row) -> float | None:
    return row.get("gross_amount")
