"""Sales drawn by Hypothesis for a contract, written as its source writes them, and what the product makes of them."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tillstream.model.contract import ID_COLUMNS, Contract
from tillstream.model.contract_sections import SERIAL_FORMATS, NumberStyle
from tillstream.model.contract_values import AmountRule
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.date_formats import format_datetime
from tillstream.pipeline.rows.row_batch import RowBatch
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.pipeline.staging.split_rows import Hasher, split_row_batch

RECEIVED = date(2026, 6, 1)
FURTHER = "Further"
"""A last column that no contract maps: what is kept in `extra`."""
TEXTS = ("customer_name", "product_name", "category", "country")
NUMBERS = ("quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost")
NOT_AS_WRITTEN = frozenset({"date", "status", "sale_id", "returns_sale_id", FURTHER})
Line = dict[str, Any]
"""Column of a sale line (`date` for the moment) → its value; `store_id` and ids as the source writes them."""


@st.composite
def sales(draw: st.DrawFn, contract: Contract, least: int = 1, most: int = 12) -> list[Line]:
    """Lines that break no rule of the contract; sale numbers ascend."""
    # those excluded are written by some code pages and come back as others
    letters = st.characters(
        codec=contract.file.encoding, categories=["L", "N", "P", "Sc", "Zs"], exclude_characters="¢£¬‖−〜"
    )
    words = st.text(letters | st.sampled_from("\",;|\t'=- "), max_size=9).map(str.strip)
    words = words.filter(lambda word: word and word not in contract.missing and word == word.strip())
    ids = st.from_regex(r"[A-D][1-9][0-9]{0,5}", fullmatch=True)
    strategies = dict.fromkeys(TEXTS, words) | dict.fromkeys(ID_COLUMNS - {"sale_id", "line_key", "store_id"}, ids)
    strategies |= {name: _amounts(contract, name) for name in NUMBERS}
    mapped = {name: strategy for name, strategy in strategies.items() if name in contract.columns}
    for name, allowed in contract.allowed.items():
        mapped[name] = st.sampled_from(sorted(allowed))
    lines = []
    for number in range(draw(st.integers(least, most))):
        line = {name: draw(strategy) for name, strategy in mapped.items()}
        if "returns_sale_id" in line and draw(st.booleans()):
            line["returns_sale_id"] = None
        day = date(2022, 1, 1) + timedelta(days=draw(st.integers(0, 700)))
        line |= {"sale_id": str(10_000 + number), "date": datetime.combine(day, draw(_times(contract)))}
        if "store_id" in contract.columns:
            line["store_id"] = draw(st.sampled_from(sorted(contract.stores)) if contract.stores else ids)
        if "line_key" in contract.columns:
            line["line_key"] = str(draw(st.integers(1, 99)))
        if "status" in contract.columns:
            line["status"] = draw(st.sampled_from(sorted(contract.status.words)))
        lines.append(line | {FURTHER: draw(words)})
    return lines


def plain(contract: Contract) -> bool:
    """Whether `sales` can generate its files: sale numbers, a header per column, amounts without conversion."""
    needed = {"net_amount"} if "net_amount" in contract.columns else {"quantity", "unit_price"}
    headers = list(contract.columns.values())
    return (
        {"sale_id", *needed} <= set(contract.columns)
        and len(set(headers)) == len(headers)
        and not contract.made
        and contract.amounts == AmountRule()
    )


def _amounts(contract: Contract, name: str) -> st.SearchStrategy[Decimal]:
    bounds = contract.ranges.get(name)
    low = bounds.minimum if bounds and bounds.minimum is not None else Decimal(-100_000)
    high = bounds.maximum if bounds and bounds.maximum is not None else Decimal(10_000_000)
    return (
        st.decimals(low, high, places=2)
        | st.decimals(low, high, places=4)
        | st.integers(int(low), int(high)).map(Decimal)
    )


def _times(contract: Contract) -> st.SearchStrategy[time]:
    """At noon no clock is changed and no business day begins; nothing finer than the format writes."""
    pattern = "".join(
        (*contract.dates.formats[:1], *(contract.dates.time_formats if "time" in contract.columns else ()))
    )
    if not {"%H", "%I"} & {pattern[at : at + 2] for at in range(len(pattern))}:
        return st.just(time(0))
    return st.builds(time, st.integers(10, 20), st.integers(0, 59))


def number_cell(value: Decimal, style: NumberStyle) -> str:
    whole, _, decimals = format(abs(value), ",f").partition(".")
    return "-" * (value < 0) + whole.replace(",", style.thousands) + (style.decimal + decimals if decimals else "")


def cells(lines: Sequence[Line], contract: Contract) -> list[list[str]]:
    """The header and the rows, each cell as the source writes it."""
    return [
        header(contract),
        *([_cell(line, name, contract) for name in (*contract.columns, FURTHER)] for line in lines),
    ]


def header(contract: Contract) -> list[str]:
    return [*contract.columns.values(), FURTHER]


def _cell(line: Line, name: str, contract: Contract) -> str:
    dates, value = contract.dates, line.get("date" if name == "time" else name)
    if name == "time":
        return format_datetime(value, dates.time_formats[0], dates.language)
    if name == "date":
        assert dates.formats[0] not in SERIAL_FORMATS
        return format_datetime(value, dates.formats[0], dates.language)
    if isinstance(value, Decimal):
        return number_cell(value, contract.numbers)
    meanings = {meaning: word for word, meaning in contract.values.get(name, {}).items()}
    return "" if value is None else meanings.get(value, value)


def typed(lines: Sequence[Line], contract: Contract) -> list[list[Any]]:
    """As `cells`, with numbers and dates as a workbook or a table holds them."""
    rows = [header(contract)]
    for line, texts in zip(lines, cells(lines, contract)[1:], strict=True):
        cells_by_name = dict(zip((*contract.columns, FURTHER), texts, strict=True))
        cells_by_name |= {name: float(value) for name, value in line.items() if isinstance(value, Decimal)}
        moment = line["date"]
        cells_by_name["date"] = moment.date() if "time" in contract.columns or moment.time() == time(0) else moment
        if "time" in contract.columns:
            cells_by_name["time"] = moment.time()
        rows.append([value if value != "" else None for value in cells_by_name.values()])
    return rows


def csv_text(rows: Sequence[Sequence[str]], contract: Contract, line_end: str = "\r\n", *, quoted: bool = False) -> str:
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=contract.file.delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


@dataclass
class ReadResult:
    """The result of reading a file: `error` if it is rejected, `cut` if it is truncated and would be held."""

    rows: list[Line] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Row numbers."""
    codes: set[str] = field(default_factory=set)
    """Of every problem, warnings too."""
    blank: int = 0
    ignored: int = 0
    cut: str = ""
    error: str = ""

    @property
    def silent(self) -> bool:
        """Whether the file raises no warning: every row was accepted, without an issue."""
        return not (self.refused or self.codes or self.ignored or self.cut or self.error)


def read_file(data: bytes, contract: Contract, opened: Callable[[bytes], Any] = io.BytesIO) -> ReadResult:
    """Read a file as `stage` does, without storing anything; fails unless every row is accounted for."""
    result = ReadResult()
    hasher = Hasher()
    try:
        for row_batch in RegionalFileSource(lambda: opened(data), contract, RECEIVED).row_batches():
            _add(row_batch, hasher, result)
    except Rejected as error:
        return ReadResult(error=str(error))
    numbers = [row["row_number"] for row in result.rows] + result.refused
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(1, len(numbers) + result.blank + result.ignored + 1))
    result.rows.sort(key=lambda row: row["row_number"])
    return result


def _add(row_batch: RowBatch, hasher: Hasher, result: ReadResult) -> None:
    one = split_row_batch(row_batch, hasher)
    result.rows += [] if one.accepted is None else one.accepted.to_pylist()
    result.refused += [] if one.refused is None else one.refused.column("row_number").to_pylist()
    result.codes |= {summary.code for summary in row_batch.issues.summary()}
    result.codes |= {problem["code"] for row in row_batch.rejected for problem in row.problems}
    result.blank += row_batch.blank
    result.ignored += getattr(row_batch, "ignored", 0)
    result.cut = getattr(row_batch, "truncation", "") or result.cut


def compared(rows: Sequence[Line], lines: Sequence[Line], contract: Contract) -> list[tuple[Line, Line]]:
    """(as read, as generated) of each line, with the columns of the line."""
    pairs = []
    for row, line in zip(rows, lines, strict=True):
        wanted = {
            name: line[name] for name in line if name not in {"date", "status", "sale_id", "returns_sale_id", FURTHER}
        }
        wanted |= {"sale_date": line["date"].date(), "sale_id": _sale_id(line["sale_id"], line, contract)}
        if "returns_sale_id" in line:
            wanted["returns_sale_id"] = _sale_id(line["returns_sale_id"], line, contract)
        if "status" in line:
            wanted["status"] = contract.status.words[line["status"]]
        if "net_amount" not in line:
            wanted["net_amount"] = _places(line["quantity"] * line["unit_price"] - line.get("discount", Decimal(0)))
        pairs.append(({name: row[name] for name in wanted}, wanted))
    return pairs


def _places(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-9"))


def _sale_id(number: str | None, line: Line, contract: Contract) -> str | None:
    if number is None:
        return None
    identity = contract.identity
    if identity.ids == "region-wide":
        return f"{identity.id_prefix}{number}"
    return f"{identity.id_prefix}{line.get('store_id') or identity.store}/{number}"


def total(rows: Sequence[Line]) -> Decimal:
    return sum((row["net_amount"] for row in rows), Decimal(0))
