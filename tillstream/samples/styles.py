"""File formats of the regions, read by the shipped contracts of the same names."""

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.samples import catalogue, faults
from tillstream.samples.cells import amounts, joined, quoted, signed, take, thousands, where, whole
from tillstream.samples.lines import CHANNELS, Lines, empty
from tillstream.samples.months import Month
from tillstream.samples.more_styles import MORE_STYLES
from tillstream.samples.regions import Region
from tillstream.samples.source_cells import (
    category,
    country,
    customer_ids,
    customers,
    days,
    instants,
    original,
    staff,
    stamp,
)
from tillstream.samples.style import Cells, Style


def _india(lines: Lines, region: Region, month: Month) -> Cells:
    invoice = [f"{letters}-{stamp(month)}-" for letters in ("INV", "CRN")]
    return {
        "Invoice No": joined(take(invoice, lines.series), whole(lines.number, 5)),
        "Line": whole(lines.line),
        "Invoice Date": instants(month, "%d-%m-%Y", "{hour:02}:{minute:02}", lines),
        "Store": take(list(region.stores), lines.store),
        "Salesperson": staff("E", lines),
        "Customer Code": customer_ids("C", lines),
        "Customer Name": customers(lines, region),
        "Item Code": take(catalogue.CODES, lines.product),
        "Item": take(quoted(catalogue.NAMES, ","), lines.product),
        "Category": category(lines),
        "Channel": take(list(CHANNELS), lines.channel),
        "Status": take(["Completed", "Pending", "Cancelled", "Returned"], lines.status),
        "Qty": whole(lines.quantity),
        "Rate": amounts(lines.price),
        "Discount": amounts(lines.discount),
        "Taxable Value": amounts(lines.net),
        "GST %": whole(lines.tax_rate // 100),
        "GST": amounts(lines.tax),
        "Original Invoice": original(joined(invoice[0], whole(lines.original, 5)), lines),
        "Invoice Value": amounts(lines.net + lines.tax),
    }


def _britain(lines: Lines, region: Region, month: Month) -> Cells:
    sale = [f"{letters}{stamp(month)}" for letters in ("S", "CN")]
    store = whole(lines.store)
    return {
        "Sale": joined(take(sale, lines.series), store, whole(lines.number, 5)),
        "Sale Date": days(month, "%d/%m/%Y", lines.day),
        "Store Code": take(list(region.stores), lines.store),
        "Operator": staff("T", lines),
        "Customer No": customer_ids("", lines),
        "Customer": customers(lines, region),
        "SKU": take(catalogue.CODES, lines.product),
        "Description": take(quoted(catalogue.NAMES, ","), lines.product),
        "Department": category(lines),
        "Channel": take(list(CHANNELS), lines.channel),
        "State": take(["", "Open", "Cancelled", ""], lines.status),
        "Country": country(lines, region),
        "Units": whole(lines.quantity),
        "Price": amounts(lines.price),
        "Cost": amounts(catalogue.costs(catalogue.prices(region.currency, month.index // 12))[lines.product]),
        "Discount": amounts(lines.discount),
        "Net": amounts(lines.net),
        "VAT": amounts(lines.tax),
        "Credit For": original(joined(sale[0], store, whole(lines.original, 5)), lines),
        "Gross": amounts(lines.net + lines.tax),
    }


def _states(lines: Lines, region: Region, month: Month) -> Cells:
    transaction = [f"{stamp(month)}{letter}" for letter in ("", "R")]
    return {
        "Store #": take(list(region.stores), lines.store),
        "Transaction": joined(take(transaction, lines.series), whole(lines.number, 5), between="-"),
        "Line": whole(lines.line),
        "Revision": whole(lines.revision),
        "Date": instants(month, "{0.month}/{0.day}/{0.year}", "{half}:{minute:02} {noon}", lines),
        "Associate": staff("A", lines),
        "Customer ID": customer_ids("", lines),
        "Customer": customers(lines, region),
        "SKU": take(catalogue.CODES, lines.product),
        "Product": take(quoted(catalogue.NAMES, "\t"), lines.product),
        "Category": category(lines),
        "Channel": take(list(CHANNELS), lines.channel),
        "Status": take(["Complete", "Open", "Void", ""], lines.status),
        "Ship Country": country(lines, region),
        "Qty": whole(lines.quantity),
        "Unit Price": signed("$", thousands(amounts(lines.price))),
        "Discount": signed("$", thousands(amounts(lines.discount))),
        "Sales Tax": signed("$", thousands(amounts(lines.tax))),
        "Refund For": original(joined(transaction[0], whole(lines.original, 5), between="-"), lines),
        "Total": signed("$", thousands(amounts(lines.net + lines.tax))),
    }


STYLES: dict[str, Style] = {
    "IN": Style("utf-8", ",", "\n", _india, "Invoice No", "Invoice Date", "Status", "Qty", "Item"),
    "UK": Style("cp1252", ",", "\r\n", _britain, "Sale", "Sale Date", "State", "Units", "Description"),
    "USA": Style("utf-8", "\t", "\n", _states, "Transaction", "Date", "Status", "Qty", "Product"),
    **MORE_STYLES,
}


def written(lines: Lines, region: Region, month: Month) -> bytes:
    """The lines as encoded rows of the region's file, including faults and line ends."""
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
    columns = style.cells(empty(), region, Month(2000, 1, 1, 0))
    return (style.delimiter.join(columns) + style.newline).encode(style.encoding)
