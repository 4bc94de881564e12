"""Sales of a sampled file that look like sales of the ledger, looked up by their IDs and amounts."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa

import sql
from tillstream.detection.sheet import Sheet
from tillstream.model.contract import Contract
from tillstream.model.document_json import JsonObject
from tillstream.model.people import Scope
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.ports import Warehouse
from tillstream.ports.warehouse import Row

MAX_DELIVERED_LINES = 200_000
"""Lines that are compared, if very many lines of the days have amounts of the sample."""

SAMPLED_ROWS, SAMPLED_SALES, SAMPLED_DAYS = 2_000, 500, 10
"""Size of the sample."""
SAMPLED_COLUMNS = (
    "sale_id",
    "store_id",
    "line_key",
    "product_id",
    "product_name",
    "category",
    "sale_date",
    "net_amount",
)
T = TypeVar("T")

MIN_MATCHES, MIN_SHARE, MIN_SHARE_WITHOUT_NUMBERS = 3, 0.2, 0.5
"""Fewer matches, or a smaller share of the sampled sales, are accidental; unless all sampled sales match."""
MIN_RENUMBERED_SHARE, MIN_RENUMBERED_SALES = 0.9, 5


@dataclass(frozen=True)
class LineSearch:
    """What is looked up: lines of the region on these days with one of the sale IDs or amounts."""

    region: str
    days: tuple[date, ...]
    sale_ids: tuple[str, ...]
    amounts: tuple[Decimal, ...]


@dataclass(frozen=True)
class DeliveredLine:
    """A current line of the ledger, and the contract that delivered it."""

    sale_id: str
    line_key: str
    store_id: str | None
    product: str | None
    sale_date: date
    net_amount: Decimal
    contract: str


LineLookup = Callable[[LineSearch], Sequence[DeliveredLine]]
"""Looks lines up. Raises `Unavailable`."""


def warehouse_lookup(warehouse: Warehouse, scope: Scope) -> LineLookup:
    """Look up in the ledger; each search is sent once. scope: that of the caller, who may not see other lines."""
    results: dict[LineSearch, Sequence[DeliveredLine]] = {}

    def search(wanted: LineSearch) -> Sequence[DeliveredLine]:
        if not scope.covers_region(wanted.region):
            return []
        if wanted not in results:
            lines = delivered_lines_of_rows(search_delivered_rows(warehouse, **search_to_json(wanted)))
            results[wanted] = [line for line in lines if scope.covers_stores([line.store_id])]
        return results[wanted]

    return search


def command_lookup(run: Callable[..., Iterable[Mapping[str, Any]]]) -> LineLookup:
    """Look up with the command `delivered-lines`. run: runs it with `search_to_json`."""
    return lambda wanted: delivered_lines_of_rows(run(**search_to_json(wanted)))


def search_to_json(wanted: LineSearch) -> JsonObject:
    """The search as JSON."""
    days, amounts = [day.isoformat() for day in wanted.days], [f"{amount:f}" for amount in wanted.amounts]
    return {"region": wanted.region, "days": days, "sale_ids": list(wanted.sale_ids), "amounts": amounts}


def search_delivered_rows(
    warehouse: Warehouse, region: str, days: Sequence[str], sale_ids: Sequence[str], amounts: Sequence[str]
) -> list[Row]:
    """Search the ledger; rows and parameters as JSON."""
    params = {
        "region": region,
        "days": [date.fromisoformat(day) for day in days],
        "sale_ids": list(sale_ids),
        "amounts": [Decimal(amount) for amount in amounts],
        "limit": MAX_DELIVERED_LINES,
    }
    rows = warehouse.query(sql.text("ledger/delivered_lines"), params).to_pylist()
    return [row | {"sale_date": row["sale_date"].isoformat(), "net_amount": f"{row['net_amount']:f}"} for row in rows]


def delivered_lines_of_rows(rows: Iterable[Mapping[str, Any]]) -> list[DeliveredLine]:
    """The lines of rows as JSON."""
    return [
        DeliveredLine(
            **{
                **row,
                "sale_date": date.fromisoformat(row["sale_date"]),
                "net_amount": Decimal(row["net_amount"]),
            }
        )
        for row in rows
    ]


@dataclass(frozen=True)
class SampledLine:
    row: int
    """Its position among the rows of the sample."""
    sale_id: str
    number: str
    """The sale ID without store and prefix."""
    store_id: str | None
    line: str
    """The line number or, without one, what the ledger numbers the line by."""
    product: str | None
    sale_date: date
    net_amount: Decimal


ComparedLine = SampledLine | DeliveredLine


def sample_lines(sheet: Sheet, contract: Contract) -> list[SampledLine]:
    """Read up to `SAMPLED_ROWS` rows, and keep up to `SAMPLED_SALES` sales of up to `SAMPLED_DAYS` days, spread over
    the file."""
    lines = read_sampled_lines(sheet, contract)
    days = set(spread_evenly(sorted({line.sale_date for line in lines}), SAMPLED_DAYS))
    lines = [line for line in lines if line.sale_date in days]
    sales = set(spread_evenly(list(dict.fromkeys(line.sale_id for line in lines)), SAMPLED_SALES))
    return [line for line in lines if line.sale_id in sales]


def read_sampled_lines(sheet: Sheet, contract: Contract) -> list[SampledLine]:
    """Read up to `SAMPLED_ROWS` rows, spread over the file; without those that are rejected."""
    rows = spread_evenly(range(sheet.rows), SAMPLED_ROWS)
    cells = {name: pa.array([column.cells[row] for row in rows], pa.string()) for name, column in sheet.columns.items()}
    table, issues = normalise(pa.table(cells), contract)
    rejected = issues.rejected_mask(len(rows))
    values = zip(*(table.column(name).to_pylist() for name in SAMPLED_COLUMNS), strict=True)
    lines = []
    for row, (sale_id, store_id, line_key, *product, sale_date, net_amount) in enumerate(values):
        if rejected[row] or sale_id is None or sale_date is None or net_amount is None:
            continue
        line = line_key or next((name for name in product if name), "-")
        number = bare_number(sale_id, store_id, (contract.identity.id_prefix,))
        lines.append(SampledLine(row, sale_id, number, store_id, line, product[0] or product[1], sale_date, net_amount))
    return lines


def bare_number(sale_id: str, store_id: str | None, prefixes: Sequence[str]) -> str:
    """The sale ID without its store and without one of the prefixes."""
    number = sale_id.removeprefix(f"{store_id}/") if store_id else sale_id
    return next((number.removeprefix(prefix) for prefix in prefixes if prefix and number.startswith(prefix)), number)


def spread_evenly(values: Sequence[T], most: int) -> list[T]:
    """At most so many of the values, evenly spread, with the first and the last."""
    if len(values) <= most:
        return list(values)
    return [values[round(number * (len(values) - 1) / (most - 1))] for number in range(most)]


@dataclass(frozen=True)
class SaleMatch:
    """A sampled sale and the lines of the ledger that it looks like."""

    lines: tuple[SampledLine, ...]
    delivered: tuple[DeliveredLine, ...]

    @property
    def has_equal_amounts(self) -> bool:
        return {line.net_amount for line in self.lines} <= {line.net_amount for line in self.delivered}


@dataclass(frozen=True)
class SaleOverlap:
    """Sampled sales that look like sales of the ledger."""

    sales: int
    """Number of sampled sales."""
    matches: tuple[SaleMatch, ...]

    @property
    def contract(self) -> str:
        """The contract that delivered most of them."""
        counts = Counter(match.delivered[0].contract for match in self.matches)
        return max(counts, key=lambda name: (counts[name], name))

    @property
    def equal_amounts(self) -> int:
        return sum(match.has_equal_amounts for match in self.matches)

    def has_same_ids(self, lines: Iterable[SampledLine]) -> bool:
        """Whether nearly all matches have the IDs of the ledger. lines: those of the sample, read by some contract."""
        by_row = {line.row: line for line in lines}
        delivered = {
            (line.sale_id, name)
            for match in self.matches
            for line in match.delivered
            for name in (line.line_key, line.line_key.rpartition("#")[0])
        }
        equal = sum(
            all(
                line.row in by_row and (by_row[line.row].sale_id, by_row[line.row].line) in delivered
                for line in match.lines
            )
            for match in self.matches
        )
        return equal >= MIN_RENUMBERED_SHARE * len(self.matches)


def search_overlap(
    proposed: Contract, lines: Sequence[SampledLine], contracts: Mapping[str, Contract], delivered: LineLookup
) -> SaleOverlap | None:
    """Compare sampled lines with the ledger; None if too few sales match. contracts: those of the region."""
    if not lines:
        return None
    identities = [contract.identity for contract in contracts.values()]
    prefixes = tuple({identity.id_prefix for identity in identities} - {""})
    without_numbers = {name for name, contract in contracts.items() if names_sales_without_numbers(contract)}
    by_content = names_sales_without_numbers(proposed) or bool(without_numbers)
    ids = _possible_ids(lines, prefixes, {identity.store for identity in identities})
    delivered_lines = delivered(_line_search(proposed.region, lines, ids))
    matcher = _LineMatcher(
        delivered_lines, prefixes, None if names_sales_without_numbers(proposed) else without_numbers
    )
    sales: dict[str, list[SampledLine]] = defaultdict(list)
    for line in lines:
        sales[line.sale_id].append(line)
    by_number = list(filter(None, map(matcher.by_number, sales.values())))
    matches = by_number
    if by_content:
        matched = {match.lines[0].sale_id for match in by_number}
        others = (sale for sale_id, sale in sales.items() if sale_id not in matched)
        matches = [*by_number, *filter(None, map(matcher.by_content, others))]
    if not matches:
        return _find_renumbered(sales.values(), delivered_lines)
    share = MIN_SHARE if len(by_number) * 2 > len(matches) else MIN_SHARE_WITHOUT_NUMBERS
    is_enough = len(matches) == len(sales) or len(matches) >= max(MIN_MATCHES, share * len(sales))
    return SaleOverlap(len(sales), tuple(matches)) if is_enough else None


def _find_renumbered(sales: Collection[list[SampledLine]], delivered: Iterable[DeliveredLine]) -> SaleOverlap | None:
    """Compare sales whose numbers differ by store, day, amounts and products; None unless nearly all match."""
    by_sale: dict[tuple[str, object], list[DeliveredLine]] = defaultdict(list)
    for line in delivered:
        by_sale[line.sale_id, line.sale_date].append(line)
    by_amount: dict[tuple[object, object], list[list[DeliveredLine]]] = defaultdict(list)
    for lines in by_sale.values():
        for amount in {line.net_amount for line in lines}:
            by_amount[lines[0].sale_date, amount].append(lines)
    matches, used = [], set[int]()
    for sale in sales:
        candidates = by_amount.get((sale[0].sale_date, sale[0].net_amount), ())
        lines = next((one for one in candidates if id(one) not in used and _contains(one, sale)), [])
        if lines:
            used.add(id(lines))
            matches.append(SaleMatch(tuple(sale), tuple(lines)))
    is_enough = len(matches) >= max(MIN_RENUMBERED_SALES, MIN_RENUMBERED_SHARE * len(sales))
    return SaleOverlap(len(sales), tuple(matches)) if is_enough else None


def _contains(delivered: Sequence[DeliveredLine], sale: Sequence[SampledLine]) -> bool:
    """Whether a sale of the ledger has the store, and all amounts and products, of a sampled sale."""
    stores = {delivered[0].store_id, sale[0].store_id}
    if None not in stores and len(stores) > 1:
        return False
    lines: list[ComparedLine] = [*delivered, *sale]
    with_products = all(line.product for line in lines)
    return _contents(sale, with_products=with_products) <= _contents(delivered, with_products=with_products)


def _contents(lines: Iterable[ComparedLine], *, with_products: bool) -> Counter[tuple[object, str]]:
    return Counter((line.net_amount, (line.product or "").casefold() if with_products else "") for line in lines)


def names_sales_without_numbers(contract: Contract) -> bool:
    """Whether the IDs of sales are not numbers of the file, but made of their content or of columns."""
    return contract.identity.by_content or bool(contract.identity.made_of)


def _line_search(region: str, lines: Iterable[SampledLine], ids: Iterable[str]) -> LineSearch:
    """Lines on the days of a sample with one of the IDs or amounts."""
    days, amounts = {line.sale_date for line in lines}, {line.net_amount for line in lines}
    return LineSearch(region, tuple(sorted(days)), tuple(sorted(ids)), tuple(sorted(amounts)))


def _possible_ids(lines: Iterable[SampledLine], prefixes: Iterable[str], stores: Iterable[str]) -> set[str]:
    """The IDs that contracts of the region may give the sales; those of other stores are searched by amounts."""
    prefixed = {(line.store_id, f"{prefix}{line.number}") for line in lines for prefix in ("", *prefixes)}
    in_stores = {f"{store}/{number}" for own, number in prefixed for store in (own, *stores) if store}
    return in_stores | {number for _, number in prefixed}


class _LineMatcher:
    """Looks sampled sales up among lines of the ledger.

    without_numbers: contracts whose sales are also compared by their contents; None: all.
    """

    def __init__(
        self, delivered: Iterable[DeliveredLine], prefixes: Sequence[str], without_numbers: set[str] | None
    ) -> None:
        self._by_number: dict[tuple[str, object], dict[str, list[DeliveredLine]]] = defaultdict(dict)
        self._by_content: dict[tuple[object, object], list[DeliveredLine]] = defaultdict(list)
        for line in delivered:
            number = bare_number(line.sale_id, line.store_id, prefixes)
            self._by_number[number, line.sale_date].setdefault(line.sale_id, []).append(line)
            if without_numbers is None or line.contract in without_numbers:
                self._by_content[line.sale_date, line.net_amount].append(line)

    def by_number(self, sale: Sequence[SampledLine]) -> SaleMatch | None:
        """The sale with the same number on the same day, in the same store or with an equal amount."""
        first = sale[0]
        amounts = {line.net_amount for line in sale}
        for lines in self._by_number.get((first.number, first.sale_date), {}).values():
            stores = {first.store_id, lines[0].store_id}
            if len(stores) == 1 or None in stores or amounts & {line.net_amount for line in lines}:
                return SaleMatch(tuple(sale), tuple(lines))
        return None

    def by_content(self, sale: Sequence[SampledLine]) -> SaleMatch | None:
        """Lines with the same dates, amounts and products as all lines of the sale. Each is matched once."""
        lines: list[DeliveredLine] = []
        for wanted in sale:
            candidates = self._by_content.get((wanted.sale_date, wanted.net_amount), [])
            line = next((one for one in candidates if one not in lines and _may_be_equal(wanted, one)), None)
            if line is None:
                return None
            lines.append(line)
        for line in lines:
            self._by_content[line.sale_date, line.net_amount].remove(line)
        return SaleMatch(tuple(sale), tuple(lines))


def _may_be_equal(line: SampledLine, delivered: DeliveredLine) -> bool:
    products = {line.product, delivered.product}
    return None in products or len({product.casefold() for product in products if product}) == 1
