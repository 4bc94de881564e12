"""Quirks of programs and people: quotes, line ends, byte orders, dates as numbers, second styles, one bad cell."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, cells, comma, delimited, encoded, german, money, plain, stamp, strip, text
from tests.strangers.traps.traps import ANSWERS, BASE, MAPPED, clerk, plan
from tests.strangers.truth import Truth, truth_of

FAMILY = "quirks"
FULL: Columns = {**BASE, "Total": lambda line: plain(line.total)}
TOTAL = clerk({"net_amount": "Total"})


def quirk(
    name: str, seed: int, build: Callable[[list[Line]], bytes], who: Clerk = TOTAL, *, file: str = "export.csv",
    lines: list[Line] | None = None, truth: Truth | None = None, **rest: Any,
) -> Case:  # fmt: skip
    lines = lines or plan(seed)
    truth = truth or truth_of(lines, who.currency)
    return Case(name, FAMILY, file, partial(build, lines), who, truth, traps=(name,), **rest)


def _with(columns: Columns, **more: Any) -> Callable[[list[Line]], bytes]:
    def build(lines: list[Line]) -> bytes:
        return delimited(lines, {**FULL, **columns}, **more)

    return build


def texts() -> list[Case]:
    def quote_space(lines: list[Line]) -> bytes:
        return "".join(
            " ,".join(f'"{cell}"' for cell in row) + "\n" for row in cells(lines, FULL)
        ).encode()  # fmt: skip

    def names(lines: list[Line]) -> bytes:
        """Two columns called Total: of the line, and of the sale."""
        rows = cells(lines, {**FULL, "Sum": lambda line: plain(_bill(lines, line))})
        rows[0][-1] = "Total"
        return encoded(text(rows))

    def index(lines: list[Line]) -> bytes:
        """An index column without a name, and two empty columns at the end."""
        rows = cells(lines, FULL)
        return encoded(text([[str(number - 1) if number else "", *row, "", ""] for number, row in enumerate(rows)]))

    def headerless(lines: list[Line]) -> bytes:
        return encoded(text(cells(lines, FULL, header=False)))

    def two_headers(lines: list[Line]) -> bytes:
        return encoded(text([["Sale", "", "", "Line", "", "", ""], *cells(lines, FULL)]))

    def formulas(lines: list[Line]) -> bytes:
        """Numbers as ="001001", which a spreadsheet leaves as text."""
        columns = {**FULL, "Receipt": lambda line: f'="{1000 + line.sale:06}"'}
        return "".join(",".join(row) + "\r\n" for row in cells(lines, columns)).encode()

    nameless = Clerk("Shop", "IE", "EUR", columns={key: f"column {place}" for place, key in enumerate(
        ("sale_id", "date", "store_id", "product_name", "quantity", "unit_price", "net_amount"), 1)},
        answers=ANSWERS | {"header": "0", "identity": "column 1"})  # fmt: skip
    return [
        quirk("space-after-quote", 901, quote_space),
        quirk("utf16-le-no-mark", 902, _with({}, delimiter="\t", encoding="utf-16-le"), encoding="utf-16-le",
              delimiter="\t"),
        quirk("utf16-be-mark", 903, lambda lines: b"\xfe\xff" + delimited(lines, FULL, "\t", "utf-16-be"),
              encoding="utf-16", delimiter="\t"),
        quirk("sep-line", 904, _with({}, delimiter=";", above=("sep=;",)), delimiter=";"),
        quirk("old-mac-line-ends", 905, _with({}, end="\r")),
        quirk("bars", 906, _with({}, delimiter="|"), delimiter="|"),
        quirk("two-columns-of-one-name", 907, names),
        quirk("index-column", 908, index),
        quirk("no-header", 909, headerless, nameless),
        quirk("group-header", 910, two_headers),
        quirk("numbers-as-formulas", 911, formulas),
        quirk("totals-at-the-end", 912, lambda lines: delimited(lines, FULL, below=(
            f"TOTAL,,,,{sum(line.quantity for line in lines)},,{plain(sum(line.total for line in lines))}", "",
            "*** end of report ***"))),
        quirk("long-preamble", 913, lambda lines: delimited(lines, FULL, above=tuple(
            f"Note {number}: figures are provisional" for number in range(1, 26)))),
    ]  # fmt: skip


def _bill(lines: list[Line], line: Line) -> Decimal:
    return sum((other.total for other in lines if other.sale == line.sale), Decimal(0))


def dates() -> list[Case]:
    months = ("", "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
              "November", "Dezember")  # fmt: skip
    french = ("", "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
    serial = {"Date": lambda line: (line.at.date() - date(1899, 12, 30)).days}
    epoch = {"Date": lambda line: int((line.at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())}
    parts: Columns = {
        "Receipt": BASE["Receipt"], "Year": lambda line: line.at.year, "Month": lambda line: line.at.month,
        "Day": lambda line: line.at.day, "Product": BASE["Product"], "Quantity": BASE["Quantity"],
        "Total": FULL["Total"],
    }  # fmt: skip

    def mixed(lines: list[Line]) -> bytes:
        """Two tills wrote into one file, one of them 2026-03-14, the other 14/03/2026."""
        return delimited(lines, {**FULL, "Date": lambda line: strip(
            line.at, "%Y-%m-%d" if line.store == "North" else "%d/%m/%Y")})  # fmt: skip

    dmy = clerk({"net_amount": "Total"}, date_order="DMY", language="de")
    fr = clerk({"net_amount": "Total"}, date_order="DMY", language="fr")
    mdy = replace(clerk({"net_amount": "Total"}, date_order="MDY"), time_zone="America/Chicago")
    split = clerk({"net_amount": "Total", "date": "-", "store_id": "-", "unit_price": "-"})
    return [
        quirk("serial-days", 921, _with(serial)),
        quirk("unix-seconds", 922, _with(epoch)),
        quirk("german-month-names", 923, _with({"Date": lambda line: f"{line.at.day}. {months[line.at.month]} 2026"}),
              dmy),
        quirk("french-month-names", 924, _with({"Date": lambda line: f"{line.at:%d} {french[line.at.month]} 2026"}),
              fr),
        quirk("twelve-hours", 925, _with({"Date": stamp("%-m/%-d/%Y %-I:%M:%S %p")}), mdy),
        quirk("weekday-before-the-date", 926, _with({"Date": stamp("%A, %B %-d, %Y")}), mdy),
        quirk("compact-dates", 927, _with({"Date": stamp("%Y%m%d")})),
        quirk("two-digit-years", 928, _with({"Date": stamp("%d/%m/%y")}),
              clerk({"net_amount": "Total"}, date_order="DMY")),
        quirk("year-month-day-columns", 929, lambda lines: delimited(lines, parts), split),
        quirk("two-date-styles", 930, mixed, clerk({"net_amount": "Total"}, date_order="DMY"),
              expected="figures or held"),
    ]  # fmt: skip


def values() -> list[Case]:
    def mixed_numbers(lines: list[Line]) -> bytes:
        """North writes 1,039.90 and South 1.039,90."""
        styled = {"Price": _styled(lambda line: line.price), "Total": _styled(lambda line: line.total)}
        return delimited(lines, {**FULL, **styled})

    dear = tuple((*good[:3], str(Decimal(good[3]) * 100)) for good in Plan(0).goods)
    empty = {"Order No": lambda line: "", "Receipt": BASE["Receipt"]}
    codes = {"Product code": lambda line: sum(map(ord, line.code)), "Customer no": lambda line: 88_000 + line.sale % 7}
    words = {"Total": lambda line: f"EUR {plain(line.total)}"}
    units = {"Quantity": lambda line: f"{line.quantity} pcs"}
    bad = plan(946)

    def one_bad(lines: list[Line]) -> bytes:
        rows = cells(lines, FULL)
        rows[57][4] = "two"
        return encoded(text(rows))

    def repeated(lines: list[Line]) -> bytes:
        rows = cells(lines, FULL)
        return encoded(text([*rows[:30], rows[0], *rows[30:61], rows[0], *rows[61:]]))

    def german_rows(lines: list[Line]) -> bytes:
        columns: Columns = {
            "Bon": FULL["Receipt"], "Datum": stamp("%d.%m.%Y"), "Filiale": FULL["Store"], "Artikel": FULL["Product"],
            "Menge": FULL["Quantity"], "Preis": lambda line: german(line.price),
            "Summe": lambda line: german(line.total),
        }  # fmt: skip
        total = german(sum((line.total for line in lines), Decimal(0)))
        return delimited(lines, columns, ";", below=(f"Summe;;;;;;{total}",))

    german_columns = dict(zip([*MAPPED, "net_amount"], ("Bon", "Datum", "Filiale", "Artikel", "Menge", "Preis",
                            "Summe"),
                            strict=True))  # fmt: skip
    laden = Clerk("Laden", "DE", "EUR", columns=german_columns,
                  answers=ANSWERS | {"identity": "Bon", "date_order": "DMY", "decimal": ","})  # fmt: skip
    return [
        quirk("two-number-styles", 941, mixed_numbers, lines=plan(941, goods=dear), expected="figures or held"),
        quirk("empty-number-column", 942, lambda lines: delimited(lines, {**empty, **FULL})),
        quirk("numbers-that-are-codes", 943, _with(codes)),
        quirk("currency-before-each-amount", 944, _with(words)),
        quirk("units-in-the-cells", 945, _with(units)),
        quirk("one-bad-cell", 946, one_bad, lines=bad, truth=truth_of([*bad[:56], *bad[57:]], "EUR")),
        quirk("repeated-header", 947, repeated),
        quirk("total-line-named-as-a-column", 948, german_rows, laden, delimiter=";"),
        quirk("thousands-only", 949, _with({"Price": lambda line: money(line.price, thousands=",", places=0),
              "Total": lambda line: money(line.total, thousands=",", places=0)}),
              replace(TOTAL, answers={**TOTAL.answers, "decimal": "."}),
              lines=plan(949, goods=tuple((*good[:3], str(number * 1000)) for number, good in
                         enumerate(Plan(0).goods, 1)))),
    ]  # fmt: skip


def _styled(value: Callable[[Line], Decimal]) -> Callable[[Line], str]:
    return lambda line: money(value(line), thousands=",") if line.store == "North" else german(value(line))


def containers() -> list[Case]:
    def zipped(lines: list[Line], *more: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("sales.csv", *more):
                archive.writestr(zipfile.ZipInfo(name), delimited(lines, FULL))
        return out.getvalue()

    def json_lines(lines: list[Line]) -> bytes:
        rows = [{"id": 1000 + line.sale, "created_at": f"{line.at:%Y-%m-%dT%H:%M:%SZ}", "shop": line.store,
                 "item": line.product, "qty": int(line.quantity), "unit_price": float(line.price),
                 "line_total": float(line.total)} for line in lines]  # fmt: skip
        return "".join(json.dumps(row) + "\n" for row in rows).encode()

    def html(lines: list[Line]) -> bytes:
        """A web page called .xls, as many shop programs export."""
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells(lines, FULL))
        return f"<html><body><table border=1>{rows}</table></body></html>".encode()

    json_clerk = Clerk("Shop", "IE", "EUR", "UTC", {"sale_id": "id", "date": "created_at", "store_id": "shop",
                       "product_name": "item", "quantity": "qty", "unit_price": "unit_price",
                       "net_amount": "line_total"}, answers=ANSWERS | {"identity": "id"})  # fmt: skip
    euro = {"Price": lambda line: comma(line.price), "Total": lambda line: comma(line.total)}
    return [
        quirk("gzip", 961, lambda lines: gzip.compress(delimited(lines, FULL), mtime=0), file="export.csv.gz"),
        quirk("zip", 962, zipped, file="export.zip"),
        quirk("zip-of-two", 963, lambda lines: zipped(lines, "sales (1).csv"), file="export.zip",
              expected="figures or held"),
        quirk("json-lines", 964, json_lines, json_clerk, file="orders.jsonl"),
        quirk("web-page-named-xls", 965, html, file="export.xls", expected="figures or held"),
        quirk("commas-in-quotes", 966, _with(euro, quote="all"), replace(TOTAL, answers={
              **TOTAL.answers, "decimal": ","})),
        quirk("few-rows", 967, lambda lines: delimited(lines, FULL), lines=draw(Plan(967, sales=3, days=3))),
    ]  # fmt: skip


def cases() -> list[Case]:
    return [*texts(), *dates(), *values(), *containers()]
