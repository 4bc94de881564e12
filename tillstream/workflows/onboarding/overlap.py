"""Sales of a sampled file that look like sales of the ledger."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tillstream.model.contract import Contract
from tillstream.workflows.onboarding.delivered_lines import Delivered, DeliveredLine, LineSearch
from tillstream.workflows.onboarding.sampled_lines import SampledLine, bare_number

LEAST, LEAST_SHARE, LEAST_SHARE_WITHOUT_NUMBERS = 3, 0.2, 0.5
"""Fewer matches, or a smaller share of the sampled sales, are accidental; unless all sampled sales match."""
NEARLY_ALL, LEAST_RENUMBERED = 0.9, 5

Line = SampledLine | DeliveredLine


@dataclass(frozen=True)
class Match:
    """A sampled sale and the lines of the ledger that it looks like."""

    lines: tuple[SampledLine, ...]
    delivered: tuple[DeliveredLine, ...]

    @property
    def has_equal_amounts(self) -> bool:
        return {line.net_amount for line in self.lines} <= {line.net_amount for line in self.delivered}


@dataclass(frozen=True)
class Overlap:
    """Sampled sales that look like sales of the ledger."""

    sales: int
    """Number of sampled sales."""
    matches: tuple[Match, ...]

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
        return equal >= NEARLY_ALL * len(self.matches)


def search_overlap(
    proposed: Contract, lines: Sequence[SampledLine], contracts: Mapping[str, Contract], delivered: Delivered
) -> Overlap | None:
    """Compare sampled lines with the ledger; None if too few sales match. contracts: those of the region."""
    if not lines:
        return None
    prefixes = tuple({contract.identity.id_prefix for contract in contracts.values()} - {""})
    without_numbers = {name for name, contract in contracts.items() if _has_no_numbers(contract)}
    by_content = _has_no_numbers(proposed) or bool(without_numbers)
    search = LineSearch(
        proposed.region,
        tuple(sorted({line.sale_date for line in lines})),
        tuple(sorted(_possible_ids(lines, prefixes, {contract.identity.store for contract in contracts.values()}))),
        tuple(sorted({line.net_amount for line in lines})),
    )
    delivered_lines = delivered(search)
    matcher = _Matcher(delivered_lines, prefixes, None if _has_no_numbers(proposed) else without_numbers)
    sales: dict[str, list[SampledLine]] = defaultdict(list)
    for line in lines:
        sales[line.sale_id].append(line)
    by_number = [match for sale in sales.values() if (match := matcher.by_number(sale))]
    matches = by_number
    if by_content:
        matched = {match.lines[0].sale_id for match in by_number}
        others = (sale for sale_id, sale in sales.items() if sale_id not in matched)
        matches = by_number + [match for sale in others if (match := matcher.by_content(sale))]
    if not matches:
        return _renumbered(sales.values(), delivered_lines)
    share = LEAST_SHARE if len(by_number) * 2 > len(matches) else LEAST_SHARE_WITHOUT_NUMBERS
    is_enough = len(matches) == len(sales) or len(matches) >= max(LEAST, share * len(sales))
    return Overlap(len(sales), tuple(matches)) if matches and is_enough else None


def _renumbered(sales: Collection[list[SampledLine]], delivered: Iterable[DeliveredLine]) -> Overlap | None:
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
            matches.append(Match(tuple(sale), tuple(lines)))
    is_enough = len(matches) >= max(LEAST_RENUMBERED, NEARLY_ALL * len(sales))
    return Overlap(len(sales), tuple(matches)) if is_enough else None


def _contains(delivered: Sequence[DeliveredLine], sale: Sequence[SampledLine]) -> bool:
    """Whether a sale of the ledger has the store, and all amounts and products, of a sampled sale."""
    stores = {delivered[0].store_id, sale[0].store_id}
    if None not in stores and len(stores) > 1:
        return False
    lines: list[Line] = [*delivered, *sale]
    with_products = all(line.product for line in lines)
    return _contents(sale, with_products=with_products) <= _contents(delivered, with_products=with_products)


def _contents(lines: Iterable[Line], *, with_products: bool) -> Counter[tuple[object, str]]:
    return Counter((line.net_amount, (line.product or "").casefold() if with_products else "") for line in lines)


def _has_no_numbers(contract: Contract) -> bool:
    return contract.identity.by_content or bool(contract.identity.made_of)


def _possible_ids(lines: Iterable[SampledLine], prefixes: Iterable[str], stores: Iterable[str]) -> set[str]:
    """The IDs that contracts of the region may give the sales; those of other stores are searched by amounts."""
    prefixed = {(line.store_id, f"{prefix}{line.number}") for line in lines for prefix in ("", *prefixes)}
    in_stores = {f"{store}/{number}" for own, number in prefixed for store in (own, *stores) if store}
    return in_stores | {number for _, number in prefixed}


class _Matcher:
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

    def by_number(self, sale: Sequence[SampledLine]) -> Match | None:
        """The sale with the same number on the same day, in the same store or with an equal amount."""
        first = sale[0]
        amounts = {line.net_amount for line in sale}
        for lines in self._by_number.get((first.number, first.sale_date), {}).values():
            stores = {first.store_id, lines[0].store_id}
            if len(stores) == 1 or None in stores or amounts & {line.net_amount for line in lines}:
                return Match(tuple(sale), tuple(lines))
        return None

    def by_content(self, sale: Sequence[SampledLine]) -> Match | None:
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
        return Match(tuple(sale), tuple(lines))


def _may_be_equal(line: SampledLine, delivered: DeliveredLine) -> bool:
    products = {line.product, delivered.product}
    return None in products or len({product.casefold() for product in products if product}) == 1
