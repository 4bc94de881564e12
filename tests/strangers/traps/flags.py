"""Rows that do not count, or count against: flags, kinds of documents, and two columns that both decide."""

from dataclasses import replace
from typing import Any

from tests.strangers.case import Case
from tests.strangers.facts import Line
from tests.strangers.tables import plain
from tests.strangers.traps.traps import clerk, plan, trap
from tests.strangers.truth import truth_of


def _unsigned(lines: list[Line], **more: Any) -> dict[str, Any]:
    """Columns of a file that writes returns without a minus sign."""
    return {"Quantity": lambda line: abs(line.quantity), "Total": lambda line: plain(abs(line.total)), **more}


def marks() -> list[Case]:
    """A yes that cancels, a no that cancels, a sign, and rows of a training."""
    lines = plan(901, cancelled=0.15)
    back = plan(902, returned=0.15)
    sold = [line for line in lines if line.status == "completed"]
    flagged = {
        "deleted": ("Deleted", "1", "0"),
        "invalid": ("Gültig", "nein", "ja"),
        "hungarian": ("Sztornó", "igen", "nem"),
        "greek": ("Ακυρώθηκε", "ΝΑΙ", "ΟΧΙ"),
        "unknown-name": ("Flag 7", "Y", "N"),
    }
    mean = {"Y": "cancelled", "N": "completed", "-": "returned", "+": "completed"}
    return [
        *(
            trap(f"flag-{name}", lines, {header: lambda line, marks=(no, yes): marks[line.status == "cancelled"]},
                 clerk({"status": header}, mean))
            for name, (header, yes, no) in flagged.items()
        ),
        trap("flag-sign", back, _unsigned(back, Sign=lambda line: "-" if line.status == "returned" else "+"),
             clerk({"status": "Sign", "net_amount": "Total"}, mean, returns="subtract")),
        trap("flag-negative-quantity", back, {"Total": lambda line: plain(abs(line.total))},
             clerk({"net_amount": "Total"}, returns="subtract")),
        trap("flag-training", lines, {"Training": lambda line: "Y" if line.status == "cancelled" else "N"},
             clerk({"status": "Training"}), truth=truth_of(sold, "EUR")),
    ]  # fmt: skip


def documents() -> list[Case]:
    """Kinds of documents in other languages; one of them is not in any dictionary."""
    lines = plan(911, returned=0.15, pending=0.1)
    kinds = {"completed": "Faktura", "returned": "Korekta", "pending": "Oferta"}
    mean = {"Faktura": "completed", "Korekta": "returned", "Oferta": "pending", "Sale": "completed"}
    out = plan(912, cancelled=0.1)
    return [
        trap("kind-polish", lines, _unsigned(lines, **{"Rodzaj dokumentu": lambda line: kinds[line.status]}),
             clerk({"status": "Rodzaj dokumentu", "net_amount": "Total"}, mean, returns="subtract")),
        trap("kind-paid-out", out, {"Type": lambda line: "Paid out" if line.status == "cancelled" else "Sale"},
             clerk({"status": "Type"}, {**mean, "Paid out": "cancelled"})),
    ]  # fmt: skip


def both() -> list[Case]:
    """Two columns decide: a kind and a status, two flags, and a date of cancellation beside a status."""
    lines = plan(931, returned=0.1, cancelled=0.1)
    kind = {"Type": lambda line: "Refund" if line.status == "returned" else "Sale",
            "Status": lambda line: "Voided" if line.status == "cancelled" else "Completed"}  # fmt: skip
    flagged = {"Voided": lambda line: "Yes" if line.status == "cancelled" else "No",
               "Refunded": lambda line: "Yes" if line.status == "returned" else "No"}  # fmt: skip
    dated = plan(932, cancelled=0.1)
    paid = {"Payment status": lambda line: "refunded" if line.sale % 9 == 4 and line.status == "cancelled" else "paid",
            "Cancelled at": lambda line: f"{line.at:%Y-%m-%d}" * (line.status == "cancelled")}  # fmt: skip
    who = clerk({"status": "Status", "net_amount": "Total"}, {"Sale": "completed"}, returns="subtract")
    return [
        trap("both-kind-and-status", lines, _unsigned(lines, **kind), who),
        trap("both-flags", lines, _unsigned(lines, **flagged), who),
        trap("both-date-and-status", dated, paid, who),
    ]


def harmless() -> list[Case]:
    """Columns of yes and no that mark nothing are not asked about."""
    lines = plan(921)
    more = {"Gift wrap": lambda line: "Yes" if line.sale % 5 == 0 else "No",
            "Newsletter": lambda line: "ja" if line.sale % 4 == 0 else "nein",
            "Type": lambda line: "Dine in" if line.sale % 3 else "Take away"}  # fmt: skip
    return [trap("flag-harmless", lines, more, replace(clerk(), answers={**clerk().answers, "column.status": "Type"}))]


def cases() -> list[Case]:
    return [*marks(), *documents(), *both(), *harmless()]
