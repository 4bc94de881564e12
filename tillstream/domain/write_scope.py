"""Write scope: what a writer may change of what several people see, and of the sale lines of a batch.

A shared thing has an `Extent`, and `may_change` is the only comparison of it with the scope of a writer.

A writer who is bound to stores changes and removes only lines of these stores. A batch records to which stores its
writer is bound, and its description for the warehouse records it for each correction in it as well (column `writers` of
`batches`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.domain.errors import Rejected
from tillstream.domain.people import Scope

NOT_YOUR_STORE = "not-your-store"
"""Code of the problem of a row that its writer may not write."""
UNVERIFIED = "unverified-message"
"""Code of the problem of a message whose sender could not be verified."""
EACH_OWN_STORE = json.dumps("each-own-store")
"""`writers` of store sales: each message is bound to the store that it names."""
Stores = tuple[str, ...] | None
"""The stores to which a writer is bound; None: not bound."""


@dataclass(frozen=True)
class Extent:
    """What a shared thing concerns: a person who sees this sees a change of it.

    regions: None: all. stores: None: all of these regions, also those to come; a null in it: lines without a store.
    owner: login of the person who may change it whatever it concerns; empty: nobody.
    """

    regions: tuple[str, ...] | None = None
    stores: tuple[str | None, ...] | None = None
    owner: str = ""


COMPANY = Extent()
"""Everything."""


def extent_of(region: str, *stores: str, owner: str = "") -> Extent:
    """The extent of a region, of some of its stores, or with an empty region of everything."""
    return Extent((region,) if region else None, stores or None, owner)


class BeyondScope(Rejected):
    """The writer sees the thing, but it also concerns others."""


def may_change(scope: Scope, of: Extent, login: str = "") -> bool:
    """Whether a writer may change a shared thing: it is their own, or they see everything that it concerns.

    Compares extents only; whether the role permits the action is `Scope.may`.
    """
    if of.owner and of.owner == login:
        return True
    of_regions = scope.regions is None or (of.regions is not None and all(map(scope.covers_region, of.regions)))
    return of_regions and scope.covers_stores(of.stores)


def narrowed(stores: Stores, by: Stores) -> Stores:
    """The stores that both contain."""
    if stores is None or by is None:
        return by if stores is None else stores
    return tuple(store for store in stores if store in by)


def to_writers(stores_by_correction: Mapping[int, Stores]) -> str | None:
    """The text for the warehouse. stores_by_correction: number of a correction, or 0 → the stores of its writer."""
    bound = {str(number): list(stores) for number, stores in stores_by_correction.items() if stores is not None}
    return json.dumps(bound, ensure_ascii=False) if bound else None


def bound_writers(writers: str) -> dict[int, list[str]] | None:
    """Number of the correction → stores, of the rows whose writer is bound; None: each row to its own store."""
    if writers == EACH_OWN_STORE:
        return None
    bound: dict[str, list[str]] = json.loads(writers)
    return {int(number): stores for number, stores in bound.items()}
