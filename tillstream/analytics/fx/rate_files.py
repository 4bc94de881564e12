"""Exchange rate files: parsed to units of a currency per euro, kept for each load, and counted by month.

They are not read as other files of tables (`pipeline/tabular.py`): a file of a central bank has comments and a column
for each currency, has no preview, and is rejected at its first fault.
"""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from importlib.resources import files
from typing import NamedTuple, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.object_names import RATES_FOLDER, RATES_NAME, TIME_DIGITS
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

RATE_TYPE = pa.decimal128(38, 9)
_RATE_PATTERN = r"^[0-9]{1,14}(\.[0-9]{1,18})?$"
_ABOUT_RATES = "a rate is a number above 0 such as 1.0845, with a decimal point and without thousands separators"

_NINE_DECIMALS = Decimal("1e-9")
RATES_SCHEMA = pa.schema([("rate_date", pa.date32()), ("currency", pa.string()), ("per_euro", RATE_TYPE)])
_MISSING_CELLS = ("", "N/A")
RATE_FILES = "rate_files"
"""Time in the name of a file → its SHA-256. Files of earlier versions have none."""
LOADS_DOCUMENT = ("upkeep", "rate_months")
"""Document with the number of loads by month, such as `2026-05`, and whether daily rates do not follow them yet."""


@dataclass(frozen=True)
class RateCells:
    """The data rows of a file and their physical line numbers."""

    name: str
    lines: list[int]
    rows: list[list[str]]

    def refuse(self, row: int, column: str, value: str, why: str) -> NoReturn:
        raise Rejected(f"{self.name}, line {self.lines[row]}, {column}: “{value}”: {why}.")


def read_rate_cells(data: bytes | str, name: str) -> tuple[list[str], RateCells]:
    try:
        text = data.removeprefix("\ufeff") if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected(f"{name} is not text in UTF-8: {error.reason} at byte {error.start}.") from error
    reader = csv.reader(text.splitlines(), strict=True)
    lines, rows = [], []
    try:
        for row in reader:
            if any(row) and not row[0].startswith("#"):
                lines.append(reader.line_num)
                rows.append([cell.strip() for cell in row])
    except csv.Error as error:
        raise Rejected(f"{name}, line {reader.line_num}: {error}.") from error
    if len(rows) < 2:
        raise Rejected(f"{name} contains no rates.")
    header = rows[0][:-1] if rows[0][-1] == "" else rows[0]
    source = RateCells(name, lines[1:], [row[: len(header)] if row[len(header) :] == [""] else row for row in rows[1:]])
    for number, row in enumerate(source.rows):
        if len(row) != len(header):
            raise Rejected(
                f"{name}, line {source.lines[number]}: the row has {len(row)} cells, but the header has {len(header)}."
            )
    return header, source


def read_rate_days(source: RateCells) -> list[date]:
    days = []
    for number, row in enumerate(source.rows):
        try:
            days.append(date(int(row[0][:4]), int(row[0][5:7]), int(row[0][8:])))
        except ValueError:
            source.refuse(number, "date", row[0], "not a date in the format 2024-12-31")
        if days[-1].isoformat() != row[0]:
            source.refuse(number, "date", row[0], "not a date in the format 2024-12-31")
    return days


def read_rate_numbers(source: RateCells, cells: Sequence[str], rows: Sequence[int], column: str) -> pa.Array:
    text = pa.array(cells, pa.string())
    good = pc.match_substring_regex(text, _RATE_PATTERN)
    if not pc.all(good, min_count=0).as_py():
        bad = pc.index(good, False).as_py()
        source.refuse(rows[bad], column, cells[bad], _ABOUT_RATES)
    rates = pc.cast(pc.round(pc.cast(text, pa.decimal128(38, 18)), 9, "half_towards_infinity"), RATE_TYPE)
    zero = pc.index(rates, pa.scalar(Decimal(0), RATE_TYPE)).as_py()
    if zero >= 0:
        source.refuse(rows[zero], column, cells[zero], _ABOUT_RATES)
    return rates


class RateQuote(NamedTuple):
    """One unit of `base` costs `rate` units of `currency`."""

    day: date
    currency: str
    base: str
    rate: Decimal


def rates_per_euro(source: RateCells, quotes: list[RateQuote], existing: pa.Table | None) -> list[tuple[str, Decimal]]:
    """Return (currency, rate per euro with nine decimals) for each quote.

    A quote in euros gives the rate of its base; a quote of a currency against itself gives EUR with 1. Raises
    `Rejected` if a base has no rate per euro on that day.
    """
    per_euro = _per_euro(quotes, existing)
    converted = []
    for number, (day, currency, base, rate) in enumerate(quotes):
        if currency == base and rate != 1:
            source.refuse(number, "rate", source.rows[number][2], f"the rate of {base} to itself is 1")
        if base not in {"EUR", currency} and currency != "EUR" and (day, base) not in per_euro:
            why = f"there is no rate of {base} to the euro on {day}; add it to the file or load it first"
            source.refuse(number, "base", base, why)
        if currency == base:
            converted.append(("EUR", Decimal(1)))
        elif base == "EUR":
            converted.append((currency, rate))
        elif currency == "EUR":
            converted.append((base, _divide(Decimal(1), rate)))
        else:
            converted.append((currency, _multiply(rate, per_euro[day, base])))
        if converted[-1][1] == 0:
            source.refuse(number, "rate", source.rows[number][2], "the rate to the euro is less than a billionth")
    return converted


def _per_euro(quotes: list[RateQuote], existing: pa.Table | None) -> dict[tuple[date, str], Decimal]:
    """(day, currency) → rate per euro, from the file, else from the existing rates."""
    per_euro: dict[tuple[date, str], Decimal] = {}
    if existing is not None:
        bases = sorted({quote.base for quote in quotes})
        rows = existing.filter(pc.is_in(existing["currency"], pa.array(bases, pa.string()))).to_pylist()
        per_euro = {(row["rate_date"], row["currency"]): row["per_euro"] for row in rows}
    for day, currency, base, rate in quotes:
        if base == "EUR":
            per_euro[day, currency] = rate
        elif currency == "EUR":
            per_euro[day, base] = _divide(Decimal(1), rate)
    return per_euro


def _multiply(left: Decimal, right: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (left * right).quantize(_NINE_DECIMALS, ROUND_HALF_UP)


def _divide(left: Decimal, right: Decimal) -> Decimal:
    with localcontext(prec=60):
        return (left / right).quantize(_NINE_DECIMALS, ROUND_HALF_UP)


def parse_rates(data: bytes | str, name: str = "rates", existing: pa.Table | None = None) -> pa.Table:
    """Parse a CSV file to rate_date, currency, per_euro, sorted by day and currency, without EUR.

    The header determines the format: the ECB's (a column per currency; empty or `N/A` means no rate), or
    `date,currency,rate[,base]`, where a rate is the number of units of the currency per unit of the base (default
    EUR); a base needs its own rate per euro on that day, in the file or in `existing` (rows of `fx_rates`).
    Dates are YYYY-MM-DD; lines starting with # are comments. Rates are rounded to nine decimals, half away from
    zero. Raises `Rejected` naming line, column and value.
    """
    header, source = read_rate_cells(data, name)
    lowered = [title.lower() for title in header]
    if lowered[:3] == ["date", "currency", "rate"] and lowered[3:] in ([], ["base"]):
        return _deduplicate(source, *_parse_long(source, existing))
    if lowered[:1] == ["date"] and len(header) > 1 and all(re.fullmatch("[A-Z]{3}", one) for one in header[1:]):
        if len(set(header)) < len(header):
            raise Rejected(f"{name}: a currency occurs twice in the header.")
        return _deduplicate(source, *_parse_wide(source, header))
    raise Rejected(
        f"{name} is not a file of rates: its header must be date,currency,rate (and base if it is not EUR), "
        "or Date and a column for each currency, as in the European Central Bank's file."
    )


def shipped_rates() -> pa.Table:
    """Return the bundled monthly rates, from January 2003 on; see docs/exchange-rates.md."""
    return parse_rates((files(__package__) / "monthly.csv").read_bytes(), "monthly.csv")


def _parse_wide(source: RateCells, header: list[str]) -> tuple[list[date], list[str], pa.Array, list[int]]:
    days = read_rate_days(source)
    dates, currencies, rates, rows = [], [], [], []
    for column, currency in enumerate(header[1:], start=1):
        cells = [row[column] for row in source.rows]
        present = [number for number, cell in enumerate(cells) if cell not in _MISSING_CELLS]
        dates += [days[number] for number in present]
        currencies += [currency] * len(present)
        rates.append(read_rate_numbers(source, [cells[number] for number in present], present, currency))
        rows += present
    return dates, currencies, pa.concat_arrays(rates), rows


def _parse_long(source: RateCells, existing: pa.Table | None) -> tuple[list[date], list[str], pa.Array, list[int]]:
    days, rows = read_rate_days(source), list(range(len(source.rows)))
    currencies = [row[1] for row in source.rows]
    bases = [(row[3] if len(row) > 3 else "") or "EUR" for row in source.rows]
    for title, codes in (("currency", currencies), ("base", bases)):
        for number, code in enumerate(codes):
            if not re.fullmatch("[A-Z]{3}", code):
                source.refuse(number, title, code, "a currency code has three capital letters, as in ISO 4217")
    rates = read_rate_numbers(source, [row[2] for row in source.rows], rows, "rate")
    if set(bases) <= {"EUR"}:
        return days, currencies, rates, rows
    quotes = [RateQuote(*quote) for quote in zip(days, currencies, bases, rates.to_pylist(), strict=True)]
    converted = rates_per_euro(source, quotes, existing)
    return days, [currency for currency, _ in converted], pa.array([rate for _, rate in converted], RATE_TYPE), rows


def _deduplicate(
    source: RateCells, dates: list[date], currencies: list[str], rates: pa.Array, rows: list[int]
) -> pa.Table:
    """Sort and deduplicate rates. Raises `Rejected` for two different rates of one currency on one day."""
    table = pa.table([pa.array(dates, pa.date32()), pa.array(currencies, pa.string()), rates], schema=RATES_SCHEMA)
    table = table.append_column("row", pa.array(rows, pa.int64()))
    euros = pc.and_(
        pc.equal(table["currency"], "EUR"), pc.not_equal(table["per_euro"], pa.scalar(Decimal(1), RATE_TYPE))
    )
    wrong = table.filter(euros)["row"].to_pylist()
    if wrong:
        source.refuse(wrong[0], "currency", "EUR", "the rate of the euro to itself is 1")
    table = table.filter(pc.not_equal(table["currency"], "EUR"))
    grouped = table.group_by(["rate_date", "currency"]).aggregate(
        [("per_euro", "min"), ("per_euro", "max"), ("row", "max")]
    )
    conflicts = (
        grouped.filter(pc.not_equal(grouped["per_euro_min"], grouped["per_euro_max"])).sort_by("row_max").to_pylist()
    )
    if conflicts:
        first = conflicts[0]
        why = f"the file has another rate for {first['rate_date']} ({first['per_euro_min'].normalize():f})"
        source.refuse(first["row_max"], first["currency"], f"{first['per_euro_max'].normalize():f}", why)
    unique = grouped.select(["rate_date", "currency", "per_euro_min"]).rename_columns(RATES_SCHEMA.names)
    return unique.sort_by([("rate_date", "ascending"), ("currency", "ascending")]).cast(RATES_SCHEMA)


def keep_rates(ports: Ports, rates: pa.Table) -> None:
    """Keep loaded rates, rows of `fx_rates`. The name of the file is the time, so that files sort as they came."""
    stream = io.BytesIO()
    pq.write_table(rates, stream)
    content, time = stream.getvalue(), f"{ports.clock.tick():0{TIME_DIGITS}d}"
    with ports.objects.writer(INBOX, _file_name(time)) as writer:
        writer.write(content)
    ports.documents.put(RATE_FILES, time, {"sha256": hashlib.sha256(content).hexdigest()})


def read_kept_rates(ports: Ports) -> pa.Table:
    """The rates of all kept files that are whole; of two for one day and currency, the last one."""
    tables = [RATES_SCHEMA.empty_table(), *(table for time in _file_times(ports) if (table := _read_file(ports, time)))]
    rates = pa.concat_tables(tables)
    numbered = rates.append_column("number", pa.array(range(rates.num_rows), pa.int64()))
    last = numbered.group_by(["rate_date", "currency"]).aggregate([("number", "max")])
    return rates.take(last["number_max"])


def damaged_rate_files(ports: Ports) -> list[str]:
    """The times of the kept files that are missing or not whole. Raises `Unavailable`."""
    return [time for time in _file_times(ports) if _read_file(ports, time) is None]


def forget_rate_file(ports: Ports, time: str) -> None:
    """Delete a kept file. Idempotent."""
    ports.objects.delete(INBOX, _file_name(time))
    ports.documents.delete(RATE_FILES, time)


def _file_name(time: str) -> str:
    return f"{RATES_FOLDER}/{time}.parquet"


def _file_times(ports: Ports) -> list[str]:
    """The times of all files, oldest first, also of those that are missing."""
    listed = (stored.name for stored in ports.objects.list(INBOX, f"{RATES_FOLDER}/"))
    times = {name.rpartition("/")[2].removesuffix(".parquet") for name in listed if RATES_NAME.fullmatch(name)}
    return sorted(times | {document.id for document in ports.documents.find(RATE_FILES)})


def _read_file(ports: Ports, time: str) -> pa.Table | None:
    """The rates of a file; None if it is missing or not whole."""
    noted = ports.documents.get(RATE_FILES, time)
    try:
        with ports.objects.open(INBOX, _file_name(time)) as stream:
            content = stream.read()
    except (NotFound, OSError):
        return None
    if noted:
        return (
            pq.read_table(io.BytesIO(content)) if hashlib.sha256(content).hexdigest() == noted.data["sha256"] else None
        )
    try:
        return pq.read_table(io.BytesIO(content)).cast(RATES_SCHEMA)
    except Exception:  # noqa: BLE001 - any: structures, encodings and sizes of a damaged file are arbitrary
        return None


def loads_by_month(ports: Ports) -> dict[str, int]:
    """Month → its number of loads, of months that were loaded."""
    return _read_loads(ports.documents.get(*LOADS_DOCUMENT))


def count_loads(ports: Ports) -> int:
    """A number that grows with each load."""
    return sum(loads_by_month(ports).values())


def pending_loads(ports: Ports) -> Document | None:
    """The document, if there are loads that daily rates do not follow."""
    document = ports.documents.get(*LOADS_DOCUMENT)
    return document if document and document.data["is_pending"] else None


def note_followed_loads(ports: Ports, followed: Document) -> None:
    """Note that daily rates follow the loads. followed: as of `pending_loads`; loads since then stay pending."""
    with suppress(Conflict):
        ports.documents.put(*LOADS_DOCUMENT, followed.data | {"is_pending": False}, if_version=followed.version)


def count_load(ports: Ports, rates: pa.Table) -> None:
    """Count a load. rates: rows of `fx_rates`."""
    months = pc.unique(pc.strftime(rates["rate_date"], format="%Y-%m")).to_pylist()

    def counted(document: Document | None) -> Update:
        loads = _read_loads(document)
        raised = {month: loads.get(month, 0) + 1 for month in sorted(months)}
        return Update({"months": loads | raised, "is_pending": True})

    update_document(ports.documents, *LOADS_DOCUMENT, counted)


def _read_loads(document: Document | None) -> dict[str, int]:
    return dict(document.data["months"]) if document else {}
