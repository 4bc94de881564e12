"""The detection room: which total is net and which gross, proved by quantity × price, discount and tax."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tillstream.detection.numbers import Style
from tillstream.detection.sheet import Sheet
from tillstream.detection.told import ASSUMED, CERTAIN, LIKELY, Told

_ROWS = 3_000
_MOST = 0.95
"""A rule holds where so many rows agree."""
_NEAR = 0.011
_TERMS = ("quantity", "unit_price", "discount", "discount_rate", "tax", "net_amount", "gross_amount", "amount")
Row = dict[str, float]


def number(cell: str, style: Style) -> float | None:
    """The number in a cell, None for none: near enough to compare, never to keep."""
    bare = "".join(letter for letter in cell if letter.isdigit() or letter in ".,-(−")
    bare = bare.strip(".,") if not bare[-1:].isdigit() else bare
    minus = bare.startswith(("-", "(", "−")) or cell.rstrip().endswith("-")
    digits = "".join(
        "." if letter == style.decimal else letter for letter in bare if letter == style.decimal or letter.isdigit()
    )
    try:
        return (-1 if minus else 1) * float(digits)
    except ValueError:
        return None


@dataclass(frozen=True)
class Money:
    """The rows with a number in each column that plays a role of money."""

    rows: list[Row]
    lines: list[int]

    def agrees(self, *needed: str, rule: Callable[[Row], float]) -> tuple[float, tuple[int, ...]]:
        """The part of the rows with these numbers for which the rule gives 0, and lines of some."""
        fits = total = 0
        proof: list[int] = []
        for row, line in zip(self.rows, self.lines, strict=True):
            if all(name in row for name in needed):
                total += 1
                scale = max(abs(row[name]) for name in needed)
                if abs(rule(row)) <= _NEAR + 1e-9 * scale:
                    fits += 1
                    if len(proof) < 3 and line and abs(row[needed[-1]]) > 1:
                        proof.append(line)
        return (fits / total if total else 0.0), tuple(proof)


def rows_of(sheet: Sheet, roles: dict[str, str], style: Style) -> Money:
    """The first rows, and as many of the sample's end."""
    terms = [(role, sheet.columns[roles[role]]) for role in _TERMS if role in roles]
    places = [*range(min(sheet.rows, _ROWS))]
    lines = terms[0][1].lines if terms else ()
    found = [
        {role: value for role, column in terms if (value := number(column.cells[place], style)) is not None}
        for place in places
    ]
    return Money(found, [lines[place] if lines else 0 for place in places])


def base(row: Row) -> float:
    """Quantity × price less discount."""
    total = row["quantity"] * row["unit_price"] - row.get("discount", 0.0)
    return total * (1 - row["discount_rate"] / 100) if "discount_rate" in row else total


def decide(sheet: Sheet, roles: dict[str, str], style: Style, told: Told) -> None:
    """Makes of `amount` net_amount or gross_amount, and drops columns that are no amounts, in `roles` itself."""
    money = rows_of(sheet, roles, style)
    priced = {"quantity", "unit_price"} <= set(roles)
    _discount(money, roles, told, priced=priced)
    if "amount" in roles:
        _total(money, roles, told, priced=priced)
    if "net_amount" not in roles and priced and "gross_amount" in roles:
        _prices(money, roles, told)
    if "net_amount" in roles and priced:
        share, lines = money.agrees("quantity", "unit_price", "net_amount", rule=lambda r: base(r) - r["net_amount"])
        if share:
            evidence = (
                f"quantity × price less discount is the {roles['net_amount']} in {share:.0%} of the rows looked at"
            )
            told.find("line_total", roles["net_amount"], evidence, LIKELY if share < _MOST else CERTAIN, lines)
    for role in ("discount_rate", "tax_rate", "amount"):
        roles.pop(role, None)


def _discount(money: Money, roles: dict[str, str], told: Told, *, priced: bool) -> None:
    """A column of parts of one or of a hundred is no amount: it is left out where the file has a total of its own."""
    name = roles.get("discount")
    values = [row["discount"] for row in money.rows if row.get("discount")]
    if not name or not values or not _all_parts(values):
        return
    total = next((role for role in ("net_amount", "amount", "gross_amount") if role in roles), "")
    amount = 0.0
    if priced and total:
        amount, _ = money.agrees("quantity", "unit_price", total, rule=lambda r: base(r) + _tax(r, total) - r[total])
    if amount >= _MOST:
        return
    said = told.answer("discount")
    if said == "amount":
        return
    if total and total != "gross_amount":
        del roles["discount"]
        told.find("discount", "rate", f"every value of {name} lies between 0 and 1, and the total is given", LIKELY)
    else:
        told.ask("discount", f"What does {name} hold?", ("amount", "rate"), "every value lies between 0 and 1")


def _all_parts(values: list[float]) -> bool:
    return all(0 < value <= 1 for value in values) and len(set(values)) <= 101


def _tax(row: Row, total: str) -> float:
    return row.get("tax", 0.0) if total == "gross_amount" else 0.0


def _total(money: Money, roles: dict[str, str], told: Told, *, priced: bool) -> None:
    """A total whose name says neither net nor gross."""
    name = roles["amount"]
    said = told.answer("amount")
    if said in {"net", "gross"}:
        roles[f"{said}_amount"] = name
        return
    for role, evidence, share, lines in _ways(money, roles, priced=priced):
        if share >= _MOST and role not in roles:
            roles[role] = name
            for row in money.rows:
                if "amount" in row:
                    row[role] = row["amount"]
            told.find(f"column.{role}", name, f"{evidence} in {share:.0%} of the rows looked at", share, lines)
            return
    if "net_amount" in roles:
        told.find(
            "column.extra", name, f"{roles['net_amount']} is the net total; what {name} adds is not known", LIKELY
        )
    elif "tax" in roles or "gross_amount" in roles:
        told.ask("amount", f"Is {name} before tax (net) or with tax (gross)?", ("net", "gross"), "no sum proves it")
        roles["net_amount"] = name
    else:
        roles["net_amount"] = name
        told.find("column.net_amount", name, f"{name} is the only total, and no column tells a tax", ASSUMED)


def _ways(money: Money, roles: dict[str, str], *, priced: bool) -> Iterator[tuple[str, str, float, tuple[int, ...]]]:
    """(role, why, in how many rows, lines): each sum that would prove what the total is."""
    if "tax" in roles and "net_amount" in roles:
        yield (
            "gross_amount",
            f"it is {roles['net_amount']} + {roles['tax']}",
            *money.agrees("net_amount", "tax", "amount", rule=lambda r: r["net_amount"] + r["tax"] - r["amount"]),
        )
    if "tax" in roles and "gross_amount" in roles:
        yield (
            "net_amount",
            f"it is {roles['gross_amount']} − {roles['tax']}",
            *money.agrees("gross_amount", "tax", "amount", rule=lambda r: r["gross_amount"] - r["tax"] - r["amount"]),
        )
    taxed = any(row.get("tax") for row in money.rows)
    if priced and "tax" in roles and taxed:
        yield (
            "gross_amount",
            f"it is quantity × price less discount + {roles['tax']}",
            *money.agrees("quantity", "unit_price", "tax", "amount", rule=lambda r: base(r) + r["tax"] - r["amount"]),
        )
    if "tax" in roles and taxed:
        for role, words, part in (
            ("net_amount", "comes on top of it", lambda r: r["amount"]),
            ("gross_amount", "is a part of it", lambda r: r["amount"] - r["tax"]),
        ):
            yield role, f"the tax {words} at an even rate", _even_rates(money, part), ()
    if priced and "tax" not in roles and "gross_amount" not in roles:
        yield (
            "net_amount",
            "it is quantity × price less discount",
            *money.agrees("quantity", "unit_price", "amount", rule=lambda r: base(r) - r["amount"]),
        )


def _even_rates(money: Money, net: Callable[[Row], float]) -> float:
    """The part of the taxed rows whose rate on `net` is a multiple of a half percent, rounded cents allowed for."""
    fits = total = 0
    for row in money.rows:
        if "amount" in row and abs(row.get("tax", 0.0)) >= 1 and net(row):
            total += 1
            rate = 200 * row["tax"] / net(row)
            fits += abs(rate - round(rate)) <= 200 * _NEAR / abs(net(row)) and 1 <= rate <= 60
    return fits / total if total >= 5 else 0.0


def _prices(money: Money, roles: dict[str, str], told: Told) -> None:
    """Without a net total it is computed; whether the prices hold the tax decides."""
    gross = roles["gross_amount"]
    share = 0.0
    lines: tuple[int, ...] = ()
    if "tax" in roles:
        share, lines = money.agrees(
            "quantity", "unit_price", "tax", "gross_amount", rule=lambda r: base(r) + r["tax"] - r["gross_amount"]
        )
    if share >= _MOST:
        evidence = f"quantity × price less discount + {roles['tax']} is {gross} in {share:.0%} of the rows looked at"
        told.find("prices", "before tax", evidence, share, lines)
        return
    if told.answer("prices") == "net":
        return
    told.ask("prices", "Are the prices before tax (net)?", ("net",), f"no sum proves how {gross} comes from them")
