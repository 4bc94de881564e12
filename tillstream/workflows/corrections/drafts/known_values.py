"""Known values of a column: those of its contract, and those of the sales that the user may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query
from tillstream.analytics.query_cache import QueryCache
from tillstream.model.contract import Contract
from tillstream.model.people import Action, Scope
from tillstream.ports import Ports

QUERY_COLUMNS = {
    "store_id": "store",
    "product_id": "product",
    "salesperson_id": "salesperson",
    "category": "category",
    "channel": "channel",
    "country": "country",
    "currency": "currency",
}
"""Column of a sale line → its name in the `known-values` query."""
MIN_SIMILARITY = 0.5
MOST = 6


@dataclass(frozen=True)
class KnownValue:
    """A value as the source writes it; `label`: its display name if the value is an id or a code."""

    text: str
    label: str = ""


def candidate_values(
    ports: Ports, contract: Contract, scope: Scope, column: str, cache: QueryCache | None = None
) -> tuple[KnownValue, ...]:
    """Return values as the source would write them, contract values first; empty for columns without known values."""
    values = {text: KnownValue(text) for text in _of_contract(contract, column)}
    if column in QUERY_COLUMNS and scope.may(Action.SEE_PERSONAL):
        only = Filters(region=(contract.region,))
        rows = run_query(
            ports.warehouse, "known-values", scope, only, cache=cache, column=QUERY_COLUMNS[column]
        ).to_pylist()
        words = {meaning: word for word, meaning in contract.values.get(column, {}).items()}
        allowed = contract.allowed.get(column)
        for row in rows:
            if allowed is None or row["value"] in allowed:
                text = words.get(row["value"], row["value"])
                values[text] = KnownValue(text, row["name"] or "")
    return tuple(values.values())


def _of_contract(contract: Contract, column: str) -> Iterable[str]:
    if column == "status":
        return contract.status.words
    if column == "store_id" and contract.stores:
        return contract.stores
    if column == "product_id" and contract.products:
        return contract.products
    if column == "currency" and contract.currency:
        return (contract.currency,)
    words = {meaning: word for word, meaning in contract.values.get(column, {}).items()}
    return tuple(words.get(word, word) for word in contract.allowed.get(column, ())) + tuple(
        contract.dates.store_zones if column == "store_id" else ()
    )


def nearest(text: str, values: Iterable[KnownValue], *, all_of: int = 12) -> list[KnownValue]:
    """Return the values most similar to the text, by value or label; the first ones if the text is empty.

    With at most `all_of` values no similarity threshold applies.
    """
    some = list(values)
    if not text.strip():
        return some[:MOST]
    wanted = text.strip().casefold()
    scored = [(max(_similarity(wanted, one.text), _similarity(wanted, one.label)), one) for one in some]
    scored.sort(key=lambda pair: -pair[0])
    return [one for score, one in scored if score >= MIN_SIMILARITY or len(some) <= all_of][:MOST]


def _similarity(wanted: str, text: str) -> float:
    if not text:
        return 0.0
    folded = text.casefold()
    matcher = SequenceMatcher(None, wanted, folded)
    if matcher.real_quick_ratio() < MIN_SIMILARITY and not folded.startswith(wanted):
        return 0.0
    return 0.9 if folded.startswith(wanted) and folded != wanted else matcher.ratio()
