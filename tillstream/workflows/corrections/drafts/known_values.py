"""The values that a column is known to have: those of its contract, and of the sales a person sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from tillstream.analytics.queries import Filters, QueryCache, run
from tillstream.domain.contract.model import Contract
from tillstream.domain.people import Action, Scope
from tillstream.ports import Ports

ASKED = {
    "store_id": "store",
    "product_id": "product",
    "salesperson_id": "salesperson",
    "category": "category",
    "channel": "channel",
    "country": "country",
    "currency": "currency",
}
"""Column of a sale line → what `known-values` calls it."""
NEAR = 0.5
MOST = 6


@dataclass(frozen=True)
class Known:
    """`label` says what the value is called, where it is a number or a sign."""

    text: str
    label: str = ""


def known(
    ports: Ports, contract: Contract, scope: Scope, column: str, cache: QueryCache | None = None
) -> tuple[Known, ...]:
    """As the source would write them; those of the contract first. Nothing for a column whose values say nothing."""
    found = {text: Known(text) for text in _of_contract(contract, column)}
    if column in ASKED and scope.may(Action.SEE_PERSONAL):
        only = Filters(region=(contract.region,))
        rows = run(ports.warehouse, "known-values", scope, only, cache=cache, column=ASKED[column]).to_pylist()
        words = {meaning: word for word, meaning in contract.values.get(column, {}).items()}
        allowed = contract.allowed.get(column)
        for row in rows:
            if allowed is None or row["value"] in allowed:
                text = words.get(row["value"], row["value"])
                found[text] = Known(text, row["name"] or "")
    return tuple(found.values())


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


def nearest(text: str, values: Iterable[Known], *, all_of: int = 12) -> list[Known]:
    """The values most like the text, by their words or by what they are called; the first ones for an empty text.

    So few as `all_of` are given all, nearest first: then the person chooses from what there is.
    """
    some = list(values)
    if not text.strip():
        return some[:MOST]
    wanted = text.strip().casefold()
    scored = [(max(_like(wanted, one.text), _like(wanted, one.label)), one) for one in some]
    scored.sort(key=lambda pair: -pair[0])
    return [one for score, one in scored if score >= NEAR or len(some) <= all_of][:MOST]


def _like(wanted: str, text: str) -> float:
    if not text:
        return 0.0
    folded = text.casefold()
    matcher = SequenceMatcher(None, wanted, folded)
    if matcher.real_quick_ratio() < NEAR and not folded.startswith(wanted):
        return 0.0
    return 0.9 if folded.startswith(wanted) and folded != wanted else matcher.ratio()
