"""Samples room: how each region writes its lines down. The shipped contracts IN, UK and USA read them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.samples import catalogue, faults
from tillstream.samples.cells import Text, amounts, dollars, joined, looked_up, quoted, thousands, where, whole
from tillstream.samples.draw import Ints
from tillstream.samples.lines import CHANNELS, RETURNED, Lines, nothing
from tillstream.samples.months import Month
from tillstream.samples.people import names
from tillstream.samples.regions import Region

Cells = dict[str, Text]


@dataclass(frozen=True)
class Style:
    """`cells` gives the columns in their order; three of them are where faults strike."""

    encoding: str
    delimiter: str
    newline: str
    cells: Callable[[Lines, Region, Month], Cells]
    number: str
    date: str
    status: str
    quantity: str
    product: str


def _india(lines: Lines, region: Region, month: Month) -> Cells:
    invoice = [f"{letters}-{_stamp(month)}-" for letters in ("INV", "CRN")]
    return {
        "Invoice No": joined(looked_up(invoice, lines.series), whole(lines.number, 5)),
        "Line": whole(lines.line),
        "Invoice Date": _instants(month, "%d-%m-%Y", "{hour:02}:{minute:02}", lines),
        "Store": looked_up(list(region.stores), lines.store),
        "Salesperson": _staff("E", lines),
        "Customer Code": _customer_ids("C", lines),
        "Customer Name": _customers(lines, region),
        "Item Code": looked_up(catalogue.CODES, lines.product),
        "Item": looked_up(quoted(catalogue.NAMES, ","), lines.product),
        "Category": _category(lines),
        "Channel": looked_up(list(CHANNELS), lines.channel),
        "Status": looked_up(["Completed", "Pending", "Cancelled", "Returned"], lines.status),
        "Qty": whole(lines.quantity),
        "Rate": amounts(lines.price),
        "Discount": amounts(lines.discount),
        "Taxable Value": amounts(lines.net),
        "GST %": whole(lines.tax_rate // 100),
        "GST": amounts(lines.tax),
        "Original Invoice": _original(joined(invoice[0], whole(lines.original, 5)), lines),
        "Invoice Value": amounts(lines.net + lines.tax),
    }


def _britain(lines: Lines, region: Region, month: Month) -> Cells:
    ending = "-" if month.mark else ""  # else the mark would run into the numbers after it
    sale = [f"{letters}{_stamp(month)}{ending}" for letters in ("S", "CN")]
    store = whole(lines.store)
    return {
        "Sale": joined(looked_up(sale, lines.series), store, whole(lines.number, 5)),
        "Sale Date": _days(month, "%d/%m/%Y", lines.day),
        "Store Code": looked_up(list(region.stores), lines.store),
        "Operator": _staff("T", lines),
        "Customer No": _customer_ids("", lines),
        "Customer": _customers(lines, region),
        "SKU": looked_up(catalogue.CODES, lines.product),
        "Description": looked_up(quoted(catalogue.NAMES, ","), lines.product),
        "Department": _category(lines),
        "Channel": looked_up(list(CHANNELS), lines.channel),
        "State": looked_up(["", "Open", "Cancelled", ""], lines.status),
        "Country": _country(lines, region),
        "Units": whole(lines.quantity),
        "Price": amounts(lines.price),
        "Cost": amounts(catalogue.costs(catalogue.prices(region.currency, month.index // 12))[lines.product]),
        "Discount": amounts(lines.discount),
        "Net": amounts(lines.net),
        "VAT": amounts(lines.tax),
        "Credit For": _original(joined(sale[0], store, whole(lines.original, 5)), lines),
        "Gross": amounts(lines.net + lines.tax),
    }


def _states(lines: Lines, region: Region, month: Month) -> Cells:
    transaction = [f"{_stamp(month)}{letter}" for letter in ("", "R")]
    return {
        "Store #": looked_up(list(region.stores), lines.store),
        "Transaction": joined(looked_up(transaction, lines.series), whole(lines.number, 5), between="-"),
        "Line": whole(lines.line),
        "Revision": whole(lines.revision),
        "Date": _instants(month, "{0.month}/{0.day}/{0.year}", "{half}:{minute:02} {noon}", lines),
        "Associate": _staff("A", lines),
        "Customer ID": _customer_ids("", lines),
        "Customer": _customers(lines, region),
        "SKU": looked_up(catalogue.CODES, lines.product),
        "Product": looked_up(quoted(catalogue.NAMES, "\t"), lines.product),
        "Category": _category(lines),
        "Channel": looked_up(list(CHANNELS), lines.channel),
        "Status": looked_up(["Complete", "Open", "Void", ""], lines.status),
        "Ship Country": _country(lines, region),
        "Qty": whole(lines.quantity),
        "Unit Price": dollars(thousands(amounts(lines.price))),
        "Discount": dollars(thousands(amounts(lines.discount))),
        "Sales Tax": dollars(thousands(amounts(lines.tax))),
        "Refund For": _original(joined(transaction[0], whole(lines.original, 5), between="-"), lines),
        "Total": dollars(thousands(amounts(lines.net + lines.tax))),
    }


STYLES: dict[str, Style] = {
    "IN": Style("utf-8", ",", "\n", _india, "Invoice No", "Invoice Date", "Status", "Qty", "Item"),
    "UK": Style("cp1252", ",", "\r\n", _britain, "Sale", "Sale Date", "State", "Units", "Description"),
    "USA": Style("utf-8", "\t", "\n", _states, "Transaction", "Date", "Status", "Qty", "Product"),
}


def written(lines: Lines, region: Region, month: Month) -> bytes:
    """The lines as rows of the region's file, faults and all, each with its line end."""
    style = STYLES[region.name]
    cells, fault = style.cells(lines, region, month), lines.fault
    for kind, column, text in (
        (faults.BAD_DATE, style.date, "31-02-2024"),
        (faults.NO_DATE, style.date, ""),
        (faults.NO_NUMBER, style.number, ""),
        (faults.UNKNOWN_WORD, style.status, "Lost"),
        (faults.NOT_A_NUMBER, style.quantity, "two"),
        (faults.UNCLOSED, style.product, '"Gift Box'),
    ):
        cells[column] = where(fault == kind, text, cells[column])
    *others, last = cells.values()
    rows = joined(*others, between=style.delimiter)
    ends = joined(rows, last, between=style.delimiter)
    ends = pc.if_else(pa.array(fault == faults.TOO_FEW), rows, ends)
    ends = pc.if_else(pa.array(fault == faults.TOO_MANY), joined(ends, "?", between=style.delimiter), ends)
    return "".join(row + style.newline for row in ends.to_pylist()).encode(style.encoding)


def header(region: Region) -> bytes:
    style = STYLES[region.name]
    columns = style.cells(nothing(), region, Month(2000, 1, 1, 0))
    return (style.delimiter.join(columns) + style.newline).encode(style.encoding)


def _stamp(month: Month) -> str:
    return f"{month.year % 100:02}{month.month:02}{month.mark}"


def _days(month: Month, pattern: str, day: Ints) -> Text:
    days = [month.first + timedelta(days=offset) for offset in range(month.days)]
    return looked_up([d.strftime(pattern) if "%" in pattern else pattern.format(d) for d in days], day - 1)


def _instants(month: Month, day: str, clock: str, lines: Lines) -> Text:
    words = [
        clock.format(hour=hour, half=(hour + 11) % 12 + 1, minute=minute, noon="AM" if hour < 12 else "PM")
        for hour, minute in (divmod(one, 60) for one in range(24 * 60))
    ]
    return joined(_days(month, day, lines.day), looked_up(words, lines.minute), between=" ")


def _staff(letter: str, lines: Lines) -> Text:
    people = [f"{letter}{101 + number}" for number in range(int(lines.salesperson.max(initial=-1)) + 1)]
    return looked_up(people, lines.salesperson)


def _customer_ids(letter: str, lines: Lines) -> Text:
    numbers = joined(letter, whole(lines.customer + 10_001))
    return where(lines.customer < 0, "", numbers)


def _customers(lines: Lines, region: Region) -> Text:
    known = np.arange(int(lines.customer.max(initial=-1)) + 1, dtype=np.int64)
    return looked_up(names(region.name, known), lines.customer)


def _category(lines: Lines) -> Text:
    return looked_up(list(catalogue.CATEGORIES), catalogue.CATEGORY[lines.product])


def _country(lines: Lines, region: Region) -> Text:
    """Each customer lives in one country; whoever is unknown lives where the region is."""
    ends = np.cumsum(np.array(region.country_weights, dtype=np.int64))
    home = np.searchsorted(ends, lines.customer * 7919 % int(ends[-1]), side="right")
    return looked_up(list(region.countries), np.where(lines.customer < 0, 0, home))


def _original(numbers: Text, lines: Lines) -> Text:
    return where(lines.status != RETURNED, "", numbers)
