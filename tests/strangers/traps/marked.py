"""Rows that another column than a status marks: documents, products, references, and the steps of an order."""

from dataclasses import replace
from typing import Any

from tests.strangers.case import Case
from tests.strangers.facts import Line
from tests.strangers.tables import encoded, plain, text
from tests.strangers.traps.traps import BASE, clerk, plan, trap
from tests.strangers.truth import truth_of


def _unsigned(lines: list[Line], **more: Any) -> dict[str, Any]:
    """Columns of a file that writes returns without a minus sign."""
    return {"Quantity": lambda line: abs(line.quantity), "Total": lambda line: plain(abs(line.total)), **more}


def _is_back(line: Line) -> bool:
    return line.status == "returned"


def numbers() -> list[Case]:
    """Credit notes and quotes have letters in their numbers; those of a store mean nothing."""
    lines = plan(951, returned=0.15)
    quoted = plan(952, cancelled=0.15)
    sold = [line for line in quoted if line.status == "completed"]
    who = {"net_amount": "Total"}
    letters = {"returned": "CN", "completed": "INV"}
    stores = {"North": "NO", "South": "ST"}
    return [
        trap("marked-credit-notes", lines, _unsigned(lines, Receipt=lambda line: f"{letters[line.status]}-{line.sale}"),
             clerk(who, **{"rows.CN": "subtract"})),
        trap("marked-letter", lines, _unsigned(lines, Receipt=lambda line: f"{'R' * _is_back(line)}{1000 + line.sale}"),
             clerk(who, **{"rows.R": "subtract"})),
        trap("marked-quotes", quoted,
             {"Receipt": lambda line: f"{1000 + line.sale}/{'FA' if line.status == 'completed' else 'DEV'}"},
             clerk(**{"rows.DEV": "ignore"}), truth=truth_of(sold, "EUR")),
        trap("marked-stores", plan(953), {"Receipt": lambda line: f"{stores[line.store]}-{line.sale}"}, clerk()),
    ]  # fmt: skip


def products() -> list[Case]:
    """A word of a cancellation is written before or after the product."""
    lines = plan(961, returned=0.15)
    out = plan(962, cancelled=0.1)
    sold = [line for line in out if line.status == "completed"]
    named = [replace(line, product="STORNO " * _is_back(line) + line.product) for line in lines]
    return [
        trap("marked-product", named, _unsigned(named), clerk({"net_amount": "Total"}, **{"rows.STORNO": "subtract"})),
        trap("marked-product-after", out,
             {"Product": lambda line: line.product + " (VOID)" * (line.status == "cancelled")},
             clerk(**{"rows.VOID": "ignore"}), truth=truth_of(sold, "EUR")),
    ]  # fmt: skip


def references() -> list[Case]:
    """Rows with the number of another sale take it back, although their amounts have no minus sign."""
    lines = plan(971, returned=0.15)
    former = {line.sale: 1000 + max(line.sale - 3, 1) for line in lines}

    def reference(line: Line) -> object:
        return former[line.sale] if _is_back(line) else ""

    return [
        trap(f"marked-{name}", lines, _unsigned(lines, **{header: reference}),
             clerk({"net_amount": "Total"}, **{f"rows.{header}": "subtract"}))
        for name, header in (("reference", "Verweis"), ("returned-receipt", "Storno zu"))
    ]  # fmt: skip


def steps() -> list[Case]:
    """Each line of an order is written again when it is paid and shipped; one is refunded."""
    lines = plan(981)
    refunded = lines[10].sale
    back = [replace(line, quantity=-line.quantity, status="returned") for line in lines if line.sale == refunded]
    columns = {**BASE, "Total": lambda line: plain(abs(line.total)), "Quantity": lambda line: abs(line.quantity)}

    def build() -> bytes:
        rows = [[str(column(line)) for column in columns.values()] for line in lines]
        orders: dict[str, list[list[str]]] = {}
        for row in rows:
            orders.setdefault(row[0], []).append(row)
        words = {str(1000 + refunded): ("ordered", "paid", "refunded")}
        table = [[*columns, "Event"]]
        for number, order in orders.items():
            for word in words.get(number, ("ordered", "paid", "shipped")):
                table += [[*row, word] for row in order]
        return encoded(text(table))

    who = clerk({"net_amount": "Total"}, event="paid", **{"once.Total": "yes"})
    return [trap("marked-steps", lines, {}, who, build=build, truth=truth_of([*lines, *back], "EUR"))]


def cases() -> list[Case]:
    return [*numbers(), *products(), *references(), *steps()]
