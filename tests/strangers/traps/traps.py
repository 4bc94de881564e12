"""Traps one to five: statuses, columns left out, sales counted twice, totals."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from tests.strangers.case import Case, Clerk, Expected
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, comma, delimited, plain, stamp
from tests.strangers.truth import Truth, truth_of

FAMILY = "traps"
BASE: Columns = {
    "Receipt": lambda line: 1000 + line.sale,
    "Date": stamp("%Y-%m-%d"),
    "Store": lambda line: line.store,
    "Product": lambda line: line.product,
    "Quantity": lambda line: line.quantity,
    "Price": lambda line: plain(line.price),
}
MAPPED = {"sale_id": "Receipt", "date": "Date", "store_id": "Store", "product_name": "Product", "quantity": "Quantity",
         "unit_price": "Price"}  # fmt: skip
ANSWERS = {"identity": "Receipt", "amount": "net", "prices": "net", "discount": "amount"}


def clerk(columns: Mapping[str, str] = {}, status: Mapping[str, str] = {}, **answers: str) -> Clerk:
    return Clerk("Shop", "IE", "EUR", columns={**MAPPED, **columns}, status=status, answers={**ANSWERS, **answers})


def trap(
    name: str, lines: list[Line], more: Columns, who: Clerk, *, expected: Expected = "figures",
    build: Callable[[], bytes] | None = None, file: str = "sales.csv", truth: Truth | None = None, **rest: Any,
) -> Case:  # fmt: skip
    number = name.partition("-")[0]
    build = build or partial(delimited, lines, {**BASE, **more})
    truth = truth or truth_of(lines, who.currency)
    return Case(f"trap-{name}", FAMILY, file, build, who, truth, expected, (f"trap {number}",), **rest)


def plan(seed: int, **more: Any) -> list[Line]:
    return draw(Plan(seed, sales=more.pop("sales", 60), stores=("North", "South"), **more))


def statuses() -> list[Case]:
    lines = plan(801, cancelled=0.15, pending=0.1)
    codes = {"completed": "30", "pending": "10", "cancelled": "99"}
    letters = {"completed": "V", "pending": "O", "cancelled": "X"}
    remarks = {"completed": "", "pending": "awaiting transfer", "cancelled": "keyed in error"}
    flags = {"completed": "0", "pending": "0", "cancelled": "1"}
    flagged = plan(804, cancelled=0.15)
    mean = {value: key for key, value in codes.items()} | {value: key for key, value in letters.items()}
    mean |= {"awaiting transfer": "pending", "keyed in error": "cancelled", "0": "completed", "1": "cancelled"}
    return [
        trap("1-status-codes", lines, {"Status": lambda line: codes[line.status]}, clerk({"status": "Status"}, mean)),
        trap("1-status-letters", lines, {"Kz": lambda line: letters[line.status]}, clerk({"status": "Kz"}, mean)),
        trap("1-status-remarks", lines, {"Remark": lambda line: remarks[line.status]},
             clerk({"status": "Remark"}, mean)),
        trap("1-status-flag", flagged, {"Cancelled": lambda line: flags[line.status]},
             clerk({"status": "Cancelled"}, mean)),
        trap("1-status-date", flagged, {"Voided on": lambda line: f"{line.at:%Y-%m-%d}" * (line.status == "cancelled")},
             clerk({"status": "Voided on"}), expected="figures or held"),
    ]  # fmt: skip


def accounted() -> list[Case]:
    """2: a column that changes the money beside those that are recognised."""
    lines = plan(811)
    refunds = plan(812)
    refunded = [
        replace(line, discount=round(line.full / 2, 2) if line.sale % 7 == 0 else Decimal(0)) for line in refunds
    ]
    back = [replace(line, quantity=line.quantity - (line.sale % 5 == 0)) for line in lines]
    shipped = [replace(line, discount=Decimal(0)) for line in plan(813)]
    return [
        trap("2-refund-column", refunded, {
            "Total": lambda line: plain(line.full), "Refunded": lambda line: plain(line.discount)},
             clerk({"net_amount": "-", "discount": "Refunded"})),
        trap("2-returned-quantity", back, {
            "Quantity": lambda line: line.quantity + (line.sale % 5 == 0),
            "Qty returned": lambda line: int(line.sale % 5 == 0), "Total": lambda line: plain(line.total)},
             clerk({"net_amount": "Total"}), expected="figures or held"),
        trap("2-total-with-shipping", shipped, {
            "Shipping": lambda line: "4.90", "Total": lambda line: plain(line.total + Decimal("4.90"))},
             clerk({"net_amount": "-", "gross_amount": "-"})),
    ]  # fmt: skip


OLD: dict[str, object] = {
    "name": "old-till", "region": "Shop", "currency": "EUR", "country": "IE", "file": {"delimiter": ";"},
    "columns": {"sale_id": "No", "line_key": "Line", "date": "Day", "store_id": "Shop", "product_name": "Item",
                "quantity": "Qty", "net_amount": "Sum"},
}  # fmt: skip


def old(lines: list[Line]) -> bytes:
    """The same sales as the old till wrote them."""
    columns: Columns = {
        "No": lambda line: 1000 + line.sale, "Line": lambda line: line.number, "Day": stamp("%Y-%m-%d"),
        "Shop": lambda line: line.store, "Item": lambda line: line.product, "Qty": lambda line: line.quantity,
        "Sum": lambda line: plain(line.total),
    }  # fmt: skip
    return delimited(lines, columns, ";")


def earlier_sales() -> list[Case]:
    """3 and 4: sales that are there already, in the same region by another contract, or under another region."""
    lines = plan(821)
    before = [(OLD, "old.csv", old(lines))]
    numbers = {"Receipt": lambda line: f"R-{1000 + line.sale}"}
    half = lines[: len(lines) // 2]
    uk = plan(822, sales=80)
    british: dict[str, object] = {
        **OLD,
        "name": "old-uk",
        "region": "UK",
        "currency": "GBP",
        "country": "GB",
        "identity": {"id_prefix": "old-"},
    }
    return [
        trap("3-same-region", lines, {"Total": lambda line: plain(line.total)}, clerk({"net_amount": "Total"}),
             expected="figures or held", before=before),
        trap("3-other-numbers", lines, {**numbers, "Total": lambda line: plain(line.total)},
             clerk({"net_amount": "Total"}), expected="figures or held", before=before),
        trap("3-partly-known", lines, {"Total": lambda line: plain(line.total)}, clerk({"net_amount": "Total"}),
             expected="figures or held", before=[(OLD, "old.csv", old(half))]),
        trap("3-region-of-a-shipped-contract", uk, {"Total": lambda line: plain(line.total)},
             replace(clerk({"net_amount": "Total"}), region="UK", country="GB", currency="GBP"),
             expected="figures or held", before=[(british, "old.csv", old(uk))], truth=truth_of(uk, "GBP")),
        trap("4-other-region", lines, {"Total": lambda line: plain(line.total)},
             replace(clerk({"net_amount": "Total"}), region="Elsewhere"), expected="figures or held", before=before),
        trap("4-other-region-same-file", lines, {}, replace(clerk(), region="Elsewhere"), expected="figures or held",
             build=lambda: old(lines), before=before, contract={**OLD, "name": "copy", "region": "Elsewhere"}),
        trap("4-other-region-subset", lines, {"Total": lambda line: plain(line.total)},
             replace(clerk({"net_amount": "Total"}), region="Elsewhere"), expected="figures or held",
             build=partial(delimited, half, {**BASE, "Total": lambda line: plain(line.total)}), before=before),
    ]  # fmt: skip


def totals() -> list[Case]:
    """5: the total under an odd name; a discount that leaves nothing; a discounted price."""
    lines = plan(831, discounted=0.4, cancelled=0.0)
    odd = {"Price": lambda line: plain(line.price), "ZVK7": lambda line: plain(line.total)}
    takings = draw(Plan(832, sales=120, max_lines=1))
    only_total: Columns = {
        "Beleg": lambda line: line.sale, "Datum": stamp("%d.%m.%Y"), "Ware": lambda line: line.product,
        "Stück": lambda line: line.quantity, "Ergebnis": lambda line: comma(line.total),
    }  # fmt: skip
    ergebnis = Clerk("Shop", "AT", "EUR", columns={"sale_id": "Beleg", "date": "Datum", "product_name": "Ware",
                     "quantity": "Stück", "net_amount": "Ergebnis"}, answers=ANSWERS | {
                     "identity": "Beleg", "date_order": "DMY", "decimal": ","})  # fmt: skip
    return [
        trap("5-odd-total", lines, odd, clerk({"net_amount": "ZVK7"})),
        trap("5-ergebnis", takings, {}, ergebnis, build=partial(delimited, takings, only_total, ";", "cp1252"),
             encoding="cp1252", delimiter=";"),
        trap("5-discount-leaves-nothing", lines, {"Discount": lambda line: plain(line.total)},
             clerk({"discount": "Discount", "net_amount": "Discount"}), expected="figures or held"),
        trap("5-discounted-price", lines, {"Discount": lambda line: plain(line.total / line.quantity, 4)},
             clerk({"discount": "Discount"}), expected="figures or held"),
        trap("5-discount-in-percent", lines, {"Disc.": lambda line: plain(100 * line.discount / line.full, 0)},
             clerk({"discount": "Disc."}, discount="percent"),
             truth=truth_of([replace(line, discount=_percent(line)) for line in lines], "EUR")),
        trap("5-total-of-the-sale", lines, {"Bill": lambda line: plain(_bill(lines, line))},
             clerk({"net_amount": "-", "discount": "-"}),
             truth=truth_of([replace(line, discount=Decimal(0)) for line in lines], "EUR")),
    ]  # fmt: skip


def _percent(line: Line) -> Decimal:
    return line.full * round(100 * line.discount / line.full) / 100


def _bill(lines: list[Line], line: Line) -> Decimal:
    return sum((other.total for other in lines if other.sale == line.sale), Decimal(0))


def cases() -> list[Case]:
    return [*statuses(), *accounted(), *earlier_sales(), *totals()]
