"""Whether a discount is an amount, a rate or per cent, proved by the total of its line."""

from collections.abc import Callable

from tillstream.detection.amounts.money import MOST, NEAR, Money, Row
from tillstream.detection.evidence import LIKELY, Told
from tillstream.detection.words.headers import tells_rate

KINDS = ("amount", "rate", "percent")
_TAKEN: dict[str, Callable[[float, float], float]] = {
    "amount": lambda _, discount: discount,
    "rate": lambda full, discount: full * discount,
    "percent": lambda full, discount: full * discount / 100,
}
_QUARTERS = 4
_TOTALS = frozenset({"net_amount", "amount"})


def decide(money: Money, roles: dict[str, str], told: Told, *, percent: bool) -> str:
    """What the discount column holds; empty where it plays no role. percent: its cells have the sign.

    Where it is no amount, the rows get one, so that sums can be compared. Asks `discount`.
    """
    name = roles.get("discount") or roles.get("discount_rate")
    if not name:
        return ""
    for row in money.rows:
        if "discount_rate" in row:
            row["discount"] = row.pop("discount_rate")
    values = [abs(row["discount"]) for row in money.rows if row.get("discount")]
    kind = _kind(money, roles, name, values, told, percent=percent)
    roles.pop("discount_rate", None)
    roles.pop("discount", None)
    if kind:
        roles["discount"] = name
        for row in money.rows:
            if row.get("discount") and kind != "amount":
                row["discount"] = _TAKEN[kind](row.get("quantity", 0.0) * row.get("unit_price", 0.0), row["discount"])
    return kind


def _kind(money: Money, roles: dict[str, str], name: str, values: list[float], told: Told, *, percent: bool) -> str:
    priced = {"quantity", "unit_price"} <= set(roles)
    said = told.answer("discount")
    if said in KINDS and (priced or said == "amount"):
        return str(said)
    rate = percent or tells_rate(name)
    if not priced and (rate or _all_parts(values)):
        told.find("discount", "rate", f"{name} holds parts and no amounts, and no price tells of what", LIKELY)
        return ""
    if not values:
        told.find("discount", "amount", f"{name} is empty or 0 in all rows looked at", LIKELY)
        return "" if rate else "amount"
    proved = _proved(money) if priced else []
    if len(proved) == 1:
        told.find("discount", proved[0], f"so {name} explains the total of its line", MOST)
        return proved[0]
    return _by_looks(name, values, told, rate=rate, percent=percent, total=bool(_TOTALS & set(roles)) and not proved)


def _by_looks(name: str, values: list[float], told: Told, *, rate: bool, percent: bool, total: bool) -> str:
    """No sum tells one kind. total: the file has a total, which the discount does not explain."""
    if percent:
        told.find("discount", "percent", f"the cells of {name} say so", LIKELY)
        return "percent"
    if not rate and not _round(values):
        told.find("discount", "amount", f"{name} holds odd cents, or more than a hundred", LIKELY)
        return "amount"
    if total:
        told.find("discount", "-", f"no sum shows what {name} takes off, and the file has its own total", LIKELY)
        return ""
    told.ask("discount", f"What does {name} hold?", KINDS, "no total of a line proves it")
    return "amount"


def _proved(money: Money) -> list[str]:
    """Kinds that explain the totals of the rows with a discount: net, gross less tax, or gross."""
    rows = [row for row in money.rows if row.get("discount") and {"quantity", "unit_price"} <= set(row)]
    found = []
    for kind, taken in _TAKEN.items():
        for total in (_net, _untaxed, _gross):
            told = [(row, value) for row in rows if (value := total(row)) is not None]
            fits = sum(
                abs(full - taken(full, row["discount"]) - value) <= NEAR
                for row, value in told
                for full in (row["quantity"] * row["unit_price"],)
            )
            if told and fits >= MOST * len(told):
                found.append(kind)
                break
    return found


def _net(row: Row) -> float | None:
    return row.get("net_amount", row.get("amount"))


def _untaxed(row: Row) -> float | None:
    total = row.get("gross_amount", row.get("amount"))
    return None if total is None or "tax" not in row else total - row["tax"]


def _gross(row: Row) -> float | None:
    return row.get("gross_amount")


def _all_parts(values: list[float]) -> bool:
    return bool(values) and all(value <= 1 for value in values)


def _round(values: list[float]) -> bool:
    """Whether all could be rates or per cent: at most a hundred, and in quarters, or parts of one."""
    return _all_parts(values) or all(value <= 100 and (value * _QUARTERS).is_integer() for value in values)
