"""Write scope: a writer who is bound to stores changes and removes only lines of these stores.

A batch records to which stores its writer is bound, and its description for the warehouse records it for each
correction in it as well (column `writers` of `batches`).
"""

import json
from collections.abc import Mapping

NOT_YOUR_STORE = "not-your-store"
"""Code of the problem of a row that its writer may not write."""
UNVERIFIED = "unverified-message"
"""Code of the problem of a message whose sender could not be verified."""
EACH_OWN_STORE = json.dumps("each-own-store")
"""`writers` of store sales: each message is bound to the store that it names."""
Stores = tuple[str, ...] | None
"""The stores to which a writer is bound; None: not bound."""


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
