"""Workbooks and reports made by people: titles, subtotals, merged months, pivots, several sheets."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from tests.sheet_files import ods, ods_rows, xls
from tests.strangers.case import Case, Clerk, Expected
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, comma, delimited, encoded, german, plain, stamp, strip, text, xlsx
from tests.strangers.truth import Truth, truth_of

FAMILY = "reports"
HEADER = ("Invoice", "Date", "Store", "Product", "Qty", "Price", "Total")
MAPPED = {"sale_id": "Invoice", "date": "Date", "store_id": "Store", "product_name": "Product", "quantity": "Qty",
         "unit_price": "Price", "net_amount": "Total"}  # fmt: skip
ANSWERS = {"identity": "Invoice", "amount": "net", "prices": "net"}
CLERK = Clerk("Shop", "IE", "EUR", columns=MAPPED, answers=ANSWERS)
STORES = ("Cork", "Galway")


def typed(lines: Sequence[Line], day: Callable[[datetime], Any] = datetime.date) -> list[list[Any]]:
    """Rows of a workbook with numbers and dates."""
    return [
        [1000 + line.sale, day(line.at), line.store, line.product, int(line.quantity), float(line.price),
         float(line.total)]
        for line in lines
    ]  # fmt: skip


def workbook(
    name: str, seed: int, build: Callable[[list[Line]], bytes], *, file: str = "Sales Q1.xlsx", clerk: Clerk = CLERK,
    expected: Expected = "figures", traps: tuple[str, ...] = (), loads: bool = True, plan: Plan | None = None,
) -> Case:  # fmt: skip
    lines = draw(plan or Plan(seed, sales=70, stores=STORES))
    truth = truth_of(lines, clerk.currency) if loads else None
    return Case(name, FAMILY, file, partial(build, lines), clerk, truth, expected, traps)


def title(lines: list[Line]) -> bytes:
    rows = [["Hearth & Home Ltd"], ["Sales report, first quarter"], ["Printed", date(2026, 4, 20)], [], list(HEADER)]
    return xlsx([*rows, *typed(lines)])


def subtotals(lines: list[Line]) -> bytes:
    """A sum below each month, and the whole sum at the end."""
    rows: list[list[Any]] = [list(HEADER)]
    for month in sorted({line.at.month for line in lines}):
        of_month = [line for line in lines if line.at.month == month]
        rows += typed(of_month)
        units, total = sum(int(line.quantity) for line in of_month), float(sum(line.total for line in of_month))
        rows.append([f"Total {date(2026, month, 1):%B}", None, None, None, units, None, total])
    units, total = sum(int(line.quantity) for line in lines), float(sum(line.total for line in lines))
    return xlsx([*rows, ["Grand total", None, None, None, units, None, total]])


def merged_months(lines: list[Line]) -> bytes:
    """The month and the store in merged cells: only the first row of each has them."""
    rows: list[list[Any]] = [["Month", *HEADER]]
    last_group: tuple[int, str] = (0, "")
    for line, cells in zip(lines, typed(lines), strict=True):
        month = f"{line.at:%B}" if line.at.month != last_group[0] else None
        last_group = (line.at.month, line.store)
        rows.append([month, *cells])
    return xlsx(rows)


def merged_invoices(lines: list[Line]) -> bytes:
    """Number, day and store of a sale in cells that are merged over its lines."""
    rows = [[*(cells[:3] if line.number == 1 else (None,) * 3), *cells[3:]]
            for line, cells in zip(lines, typed(lines), strict=True)]  # fmt: skip
    return xlsx([list(HEADER), *rows])


def pivot(lines: list[Line]) -> bytes:
    """A pivot: products down, months across."""
    months = sorted({(line.at.year, line.at.month) for line in lines})
    products = sorted({line.product for line in lines})
    rows: list[list[Any]] = [["Sum of Total", "Column Labels"], ["Row Labels", *(f"{date(year, month, 1):%b %Y}"
                             for year, month in months), "Grand Total"]]  # fmt: skip
    for product in products:
        cells = [float(sum(line.total for line in lines if line.product == product
                           and (line.at.year, line.at.month) == month)) for month in months]  # fmt: skip
        rows.append([product, *cells, sum(cells)])
    sums = [float(sum(line.total for line in lines if (line.at.year, line.at.month) == month)) for month in months]
    return xlsx([*rows, ["Grand Total", *sums, sum(sums)]])


def second_sheet(lines: list[Line]) -> bytes:
    """A cover sheet first, the sales on the second."""

    def more(book: Any, sheet: Any) -> None:
        page = book.add_worksheet("Data")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, HEADER)
        for number, row in enumerate(typed(lines), 1):
            for place, cell in enumerate(row):
                page.write_datetime(number, place, cell, day) if place == 1 else page.write(number, place, cell)

    return xlsx([["Sales workbook"], ["Prepared by", "A. Byron"], ["Sheets: Data"]], more, sheet="Cover")


def two_sheets(lines: list[Line]) -> bytes:
    """A sheet for each month: all of them are the sales."""
    months = sorted({line.at.month for line in lines})

    def more(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for month in months[1:]:
            page = book.add_worksheet(f"{date(2026, month, 1):%b}")
            page.write_row(0, 0, HEADER)
            for number, row in enumerate(typed([line for line in lines if line.at.month == month]), 1):
                for place, cell in enumerate(row):
                    page.write_datetime(number, place, cell, day) if place == 1 else page.write(number, place, cell)

    first = typed([line for line in lines if line.at.month == months[0]])
    return xlsx([list(HEADER), *first], more, sheet=f"{date(2026, months[0], 1):%b}")


def half_converted(lines: list[Line]) -> bytes:
    """D/M/Y opened by an American spreadsheet: days up to 12 became dates, swapped; the rest stayed text."""

    def day(at: datetime) -> Any:
        return date(at.year, at.day, at.month) if at.day <= 12 else strip(at, "%d/%m/%Y")

    return xlsx([list(HEADER), *typed(lines, day)])


def half_converted_us(lines: list[Line]) -> bytes:
    """M/D/Y opened by a European spreadsheet."""

    def day(at: datetime) -> Any:
        return date(at.year, at.day, at.month) if at.day <= 12 else strip(at, "%m/%d/%Y")

    return xlsx([list(HEADER), *typed(lines, day)])


def text_cells(lines: list[Line]) -> bytes:
    """Every cell is a text, as a program without types writes."""
    rows = [[str(1000 + line.sale), strip(line.at, "%d.%m.%Y"), line.store, line.product, str(line.quantity),
             comma(line.price), german(line.total)] for line in lines]  # fmt: skip
    return xlsx([["Beleg", "Datum", "Filiale", "Artikel", "Menge", "Preis", "Summe"], *rows])


def units_only(lines: list[Line]) -> bytes:
    columns: Columns = {
        "Date": stamp("%Y-%m-%d"),
        "Store": lambda line: line.store,
        "SKU": lambda line: line.code,
        "Units sold": lambda line: line.quantity,
    }
    return delimited(lines, columns)


def daily_no_date(lines: list[Line]) -> bytes:
    columns: Columns = {
        "Receipt": lambda line: 1000 + line.sale,
        "Item": lambda line: line.product,
        "Qty": lambda line: line.quantity,
        "Price": lambda line: plain(line.price),
        "Total": lambda line: plain(line.total),
    }
    return delimited(lines, columns)


def month_blocks(lines: list[Line]) -> bytes:
    """A heading line for each day instead of a date in the rows."""
    rows: list[list[str]] = []
    for day in sorted({line.at.date() for line in lines}):
        rows += [[f"{day:%A, %d %B %Y}"], ["Receipt", "Item", "Qty", "Price", "Total"]]
        rows += [[str(1000 + line.sale), line.product, str(line.quantity), plain(line.price), plain(line.total)]
                 for line in lines if line.at.date() == day]  # fmt: skip
        rows.append([])
    return encoded(text(rows))


def repeated(lines: list[Line]) -> bytes:
    """The header again at the top of each printed page, with the page number above it."""
    rows = [[str(1000 + line.sale), strip(line.at, "%d/%m/%Y"), line.store, line.product, str(line.quantity),
             plain(line.price), plain(line.total)] for line in lines]  # fmt: skip
    pages: list[list[str]] = []
    for number, start in enumerate(range(0, len(rows), 40), 1):
        pages += [[f"Page {number}"], list(HEADER), *rows[start : start + 40]]
    total = sum((line.total for line in lines), Decimal(0))
    return encoded(text([*pages, ["Total", "", "", "", "", "", plain(total)]]))


def dated(lines: list[Line]) -> list[Line]:
    return [replace(line, at=datetime(2026, 3, 14, 12)) for line in lines]  # noqa: DTZ001


def cases() -> list[Case]:
    german_columns = dict(zip(MAPPED, ("Beleg", "Datum", "Filiale", "Artikel", "Menge", "Preis", "Summe"), strict=True))
    german_clerk = Clerk("Laden", "DE", "EUR", columns=german_columns,
                         answers=ANSWERS | {"identity": "Beleg", "date_order": "DMY", "decimal": ","})  # fmt: skip
    dmy = Clerk("Shop", "IE", "EUR", columns=MAPPED, answers=ANSWERS | {"date_order": "DMY"})
    mdy = Clerk("Shop", "US", "USD", columns=MAPPED, answers=ANSWERS | {"date_order": "MDY"})
    units_clerk = Clerk("Shop", "IE", "EUR", columns={"date": "Date", "store_id": "Store", "product_id": "SKU",
                        "quantity": "Units sold"}, answers={"identity": "Date,Store,SKU"})  # fmt: skip
    no_date = Clerk("Shop", "IE", "EUR", columns={"sale_id": "Receipt", "product_name": "Item", "quantity": "Qty",
                    "unit_price": "Price", "net_amount": "Total"}, answers={"identity": "Receipt", "amount": "net",
                    "date": "2026-03-14", "column.date": "-"})  # fmt: skip
    day_lines = dated(draw(Plan(614, sales=60)))
    unit_lines = draw(Plan(613, sales=60, max_lines=1, stores=STORES))
    blocks = draw(Plan(615, sales=40, days=10))
    plan = partial(Plan, sales=70, stores=STORES)
    return [
        workbook("excel-title", 601, title),
        workbook("excel-subtotals", 602, subtotals, traps=("subtotals among the rows",)),
        workbook("excel-merged-months", 603, merged_months),
        workbook("excel-merged-invoices", 604, merged_invoices, traps=("blank cells mean the same",)),
        workbook("excel-pivot", 605, pivot, expected="held", loads=False, traps=("pivot",)),
        workbook("excel-second-sheet", 606, second_sheet, traps=("several sheets",),
                 clerk=Clerk("Shop", "IE", "EUR", columns=MAPPED, answers=ANSWERS | {"sheet": "Data"})),
        workbook("excel-sheet-a-month", 607, two_sheets, expected="figures or held", traps=("several sheets",)),
        workbook("excel-half-converted", 608, half_converted, clerk=dmy, expected="figures or held",
                 traps=("days and months swapped",)),
        workbook("excel-half-converted-us", 609, half_converted_us, clerk=mdy, expected="figures or held",
                 traps=("days and months swapped",)),
        workbook("excel-text-cells", 610, text_cells, clerk=german_clerk),
        workbook("excel-97", 611, lambda lines: xls(("Sales", [list(HEADER), *typed(lines)])), file="SALES.XLS"),
        workbook("libreoffice", 612, lambda lines: ods(("Sales", ods_rows([list(HEADER), *typed(lines)]))),
                 file="sales.ods"),
        Case("units-only", FAMILY, "units_sold.csv", partial(units_only, unit_lines), units_clerk,
             _units(unit_lines), traps=("no price",)),
        Case("date-in-file-name", FAMILY, "sales_2026-03-14.csv", partial(daily_no_date, day_lines), no_date,
             truth_of(day_lines, "EUR"), traps=("date only in the file name",)),
        Case("date-in-headings", FAMILY, "daily.csv", partial(month_blocks, blocks), no_date,
             truth_of(blocks, "EUR"), "figures or held", ("date only in headings",)),
        workbook("printed-pages", 616, repeated, file="report.csv", clerk=dmy, traps=("repeated headers",),
                 plan=plan(616)),
        workbook("excel-renamed-csv", 617, title, file="sales.csv", traps=("name of another format",)),
    ]  # fmt: skip


def _units(lines: list[Line]) -> Truth:
    truth = truth_of(lines, "EUR", sales=False)
    return replace(truth, revenue={}, months={})
