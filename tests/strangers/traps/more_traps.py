"""Traps six to nine: swapped days, minor units, encodings, files that were cut."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from tests.strangers.case import Case, Clerk, Expected
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, delimited, german, plain, stamp, whole, xlsx
from tests.strangers.traps.traps import ANSWERS, BASE, OLD, clerk, old, plan, trap
from tests.strangers.truth import truth_of


def dates() -> list[Case]:
    """6: days and months swapped."""
    early = plan(841, day_limit=12, days=100)
    early = [line for line in early if line.at.day <= 12]
    us = {"Date": stamp("%-m/%-d/%Y"), "Total": lambda line: plain(line.total)}
    who = clerk({"net_amount": "Total"}, date_order="MDY")
    wrong = replace(clerk({"net_amount": "Total"}, date_order="DMY"), volunteered={"date_order": "DMY"})
    month = {**us, "Month": lambda line: f"{line.at:%B}"}
    quarter = {**us, "Quarter": lambda line: f"Q{(line.at.month + 2) // 3}"}
    lines = plan(842, days=80)

    def halves(line: Line) -> Any:
        swapped = date(line.at.year, line.at.day, line.at.month) if line.at.day <= 12 else None
        return swapped or f"{line.at:%d/%m/%Y}"

    rows = [[1000 + line.sale, halves(line), line.store, line.product, int(line.quantity), float(line.price)]
            for line in lines]  # fmt: skip
    resaved = {"Date": lambda line: str(halves(line)) if line.at.day > 12 else f"{halves(line):%Y-%m-%d}"}
    return [
        trap("6-early-days", early, us, who),
        trap("6-wrong-answer", early, us, wrong, expected="figures or held"),
        trap("6-wrong-answer-month-column", early, month, wrong, expected="figures or held"),
        trap("6-wrong-answer-quarter-column", early, quarter, wrong, expected="figures or held"),
        trap("6-half-converted-workbook", lines, {}, clerk(date_order="DMY"), file="sales.xlsx",
             expected="figures or held", build=lambda: xlsx([list(BASE), *rows])),
        trap("6-half-converted-saved-as-csv", lines, resaved, clerk(date_order="DMY"), expected="figures or held"),
    ]  # fmt: skip


def minor_units() -> list[Case]:
    """7: amounts in cents."""
    lines = plan(851)
    named = {"Price": lambda line: plain(line.price), "Betrag_ct": lambda line: whole(line.total * 100)}
    cents = {"Price": lambda line: whole(line.price * 100), "Total": lambda line: whole(line.total * 100)}
    earlier = plan(852)
    before = [(OLD, "old.csv", old(earlier))]
    new = [replace(line, at=line.at.replace(year=2025)) for line in plan(853, first=5_000)]
    del named["Price"]
    return [
        trap("7-cents-by-name", lines, named, clerk({"net_amount": "Betrag_ct", "unit_price": "-"}, minor_units="yes"),
             expected="figures or held",
             build=partial(delimited, lines, {key: BASE[key] for key in list(BASE)[:5]} | named)),
        trap("7-cents-without-a-name", lines, cents, clerk({"net_amount": "Total"}, minor_units="yes"),
             expected="figures or held"),
        trap("7-cents-of-known-products", new, cents, clerk({"net_amount": "Total"}, minor_units="yes"),
             expected="figures or held", before=before, truth=truth_of([*earlier, *new], "EUR")),
    ]  # fmt: skip


GERMAN: dict[str, object] = {
    "name": "laden", "region": "Laden", "currency": "EUR", "file": {"encoding": "cp1252", "delimiter": ";"},
    "numbers": {"decimal": ",", "thousands": "."}, "dates": {"formats": ["%d.%m.%Y"]},
    "columns": {"sale_id": "Bon", "line_key": "Zeile", "date": "Datum", "product_id": "Artikelnr", "quantity": "Menge",
                "net_amount": "Summe"},
    "extra_columns": ["Bezeichnung"], "identity": {"ids": "region-wide"},
}  # fmt: skip


UMLAUTS = (("1", "Küchenuhr", "", "49.90"), ("2", "Öllampe", "", "1039.90"), ("3", "Stühle", "", "129.00"))


def texts() -> list[Case]:
    """8: bytes of another encoding than the contract's, also only in columns that are kept as extra."""
    lines = draw(Plan(861, sales=60, goods=UMLAUTS))
    columns: Columns = {
        "Bon": lambda line: line.sale, "Zeile": lambda line: line.number, "Datum": stamp("%d.%m.%Y"),
        "Artikelnr": lambda line: line.code, "Menge": lambda line: line.quantity,
        "Summe": lambda line: german(line.total), "Bezeichnung": lambda line: line.product,
    }  # fmt: skip
    truth = truth_of(lines, "EUR", words={line.product for line in lines})
    laden = Clerk("Laden", "DE", "EUR", columns={"sale_id": "Bon", "line_key": "Zeile", "date": "Datum",
                  "product_id": "Artikelnr", "product_name": "Bezeichnung", "quantity": "Menge", "net_amount": "Summe"},
                  answers=ANSWERS | {"identity": "Bon", "date_order": "DMY", "decimal": ","})  # fmt: skip
    mapped = {**GERMAN["columns"], "product_name": "Bezeichnung"}  # type: ignore[dict-item]
    named = {**GERMAN, "columns": mapped, "extra_columns": []}

    def case(name: str, encoding: str, contract: Mapping[str, object] | None, expected: Expected) -> Case:
        build = partial(delimited, lines, columns, ";", encoding)
        return trap(f"8-{name}", lines, {}, laden, expected=expected, truth=truth, contract=contract, build=build,
                    encoding=encoding, delimiter=";")  # fmt: skip

    return [
        case("utf8-by-cp1252-extra", "utf-8", GERMAN, "figures or held"),
        case("utf8-by-cp1252-named", "utf-8", named, "figures or held"),
        case("mac-by-cp1252-extra", "mac_roman", GERMAN, "figures or held"),
        case("cp850", "cp850", None, "figures"),
        case("mac-roman", "mac_roman", None, "figures"),
    ]  # fmt: skip


def truncated() -> list[Case]:
    """9: the end of the file is missing."""
    lines = plan(871, sales=60)
    columns: Columns = {**BASE, "Total": lambda line: plain(line.total)}
    content = delimited(lines, columns)
    who = clerk({"net_amount": "Total"})

    def in_number() -> bytes:
        """Cut in the last number, whose digits left look like a number too."""
        return content.removesuffix(b"\r\n")[:-1]

    def before_number() -> bytes:
        """Cut behind the last comma: the total is empty."""
        return content[: content.rfind(b",") + 1]

    def between() -> bytes:
        """Cut behind a comma in the middle of a line."""
        whole_lines = content.split(b"\r\n")
        last = whole_lines[60]
        return b"\r\n".join(whole_lines[:60]) + b"\r\n" + last[: last.rfind(b",")]

    def at_line() -> bytes:
        """Cut at a line break; the trailer of the till is missing rows."""
        rows = content.split(b"\r\n")
        return b"\r\n".join([*rows[:80], f"Total rows,{len(lines)},,,,,".encode(), b""])

    def at_break() -> bytes:
        """The last line is whole but for its line break: nothing is missing that a clerk misses."""
        return content.removesuffix(b"\r\n")

    def in_text() -> bytes:
        """The cut falls into a text at the end of the line."""
        turned = {key: columns[key] for key in ("Receipt", "Date", "Quantity", "Price", "Total", "Store", "Product")}
        return delimited(lines, turned).removesuffix(b"\r\n")[:-5]

    return [
        trap("9-cut-in-a-number", lines, {}, who, expected="held", build=in_number),
        trap("9-cut-before-the-last-cell", lines, {}, who, expected="held", build=before_number),
        trap("9-cut-between-cells", lines, {}, who, expected="held", build=between),
        trap("9-fewer-rows-than-the-trailer", lines, {}, who, expected="held", build=at_line),
        trap("9-cut-in-a-text", lines, {}, who, expected="held", build=in_text),
        trap("9-no-last-line-break", lines, {}, who, build=at_break, expected="figures or held"),
        trap("9-gzip-cut", lines, {}, who, expected="held", file="sales.csv.gz",
             build=lambda: gzip.compress(content, mtime=0)[:-200]),
    ]  # fmt: skip


def cases() -> list[Case]:
    return [*dates(), *minor_units(), *texts(), *truncated()]
