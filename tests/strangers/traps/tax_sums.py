"""Files with several taxes in each row, whose sum is the tax."""

from dataclasses import replace
from decimal import Decimal

from tests.strangers.case import Case
from tests.strangers.facts import CENT, Line, Plan, draw
from tests.strangers.tables import Columns, plain
from tests.strangers.traps.taxes import BASE, case


def halves(seed: int) -> list[Line]:
    """Sales with a tax of 18% whose halves are whole cents; with an odd number, the sale is in another state."""
    lines = []
    for line in draw(Plan(seed)):
        half = (line.total * Decimal("0.09")).quantize(CENT)
        lines.append(replace(line, tax=2 * half))
    return lines


def within_state(line: Line, tax: Decimal) -> str:
    return plain(tax) if line.sale % 2 == 0 else ""


def cases() -> list[Case]:
    india, canada, rates = halves(921), halves(922), halves(923)
    gst: Columns = {
        "CGST": lambda line: within_state(line, line.tax / 2),
        "SGST": lambda line: within_state(line, line.tax / 2),
        "IGST": lambda line: plain(line.tax) if line.sale % 2 else "",
        "Total": lambda line: plain(line.gross),
    }
    provinces: Columns = {
        "Subtotal": lambda line: plain(line.total),
        "GST": lambda line: plain(line.tax / 2),
        "PST": lambda line: plain(line.tax / 2),
        "Total": lambda line: plain(line.gross),
    }
    excise: Columns = {
        "Sales Tax": lambda line: plain(line.tax / 2),
        "Excise Tax": lambda line: plain(line.tax / 2),
        "Total": lambda line: plain(line.gross),
    }
    per_rate: Columns = {
        "Net 18%": lambda line: within_state(line, line.total),
        "VAT 18%": lambda line: within_state(line, line.tax),
        "Net 0%": lambda line: plain(line.total) if line.sale % 2 else "",
        "VAT 0%": lambda line: "0.00" if line.sale % 2 else "",
    }
    untaxed = [replace(line, tax=Decimal(0)) if line.sale % 2 else line for line in rates]
    return [
        case("cgst-sgst-igst", india, BASE | gst),
        case("gst-and-pst", canada, BASE | provinces),
        case("sales-and-excise-tax", canada, BASE | excise),
        case("net-per-rate", untaxed, BASE | per_rate),
    ]
