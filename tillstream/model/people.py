"""What a user may see and change, and the cost of a password hash.

A shared thing has an `Extent`, and `may_change` is the only comparison of it with the scope of a writer.

A writer who is bound to stores changes and removes only lines of these stores. A batch records to which stores its
writer is bound, and its description for the warehouse records it for each correction in it as well (column `writers` of
`batches`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tillstream.model.errors import Rejected
from tillstream.model.permissions import PERMISSIONS, Action, Role

NOTHING: tuple[str, ...] = ()

NOT_YOUR_STORE = "not-your-store"
"""Code of the problem of a row that its writer may not write."""
UNVERIFIED = "unverified-message"
"""Code of the problem of a message whose sender could not be verified."""
EACH_OWN_STORE = json.dumps("each-own-store")
"""`writers` of store sales: each message is bound to the store that it names."""
BoundStores = tuple[str, ...] | None
"""The stores to which a writer is bound; None: not bound."""


@dataclass(frozen=True)
class Scope:
    """The rows that a user may see. None means unrestricted; an empty tuple means no rows.

    Created from the user's role and assignments by `scope_of`, applied in the query layer only.
    """

    role: Role
    regions: tuple[str, ...] | None = None
    stores: tuple[str, ...] | None = None
    salesperson: str | None = None
    only: frozenset[Action] | None = None
    """Limits the role's actions: a personal token may permit less than its owner's role."""

    def may(self, action: Action) -> bool:
        return action in PERMISSIONS[self.role] and (self.only is None or action in self.only)

    def covers_region(self, region: str) -> bool:
        """Whether the region's contracts are visible; a user limited to stores still sees those of their region."""
        return self.regions is None or region in self.regions

    def covers_stores(self, stores: Sequence[str | None] | None) -> bool:
        """Whether all rows of these stores are visible. stores: None if unknown."""
        if self.salesperson is not None:
            return False
        return self.stores is None or (stores is not None and all(store in self.stores for store in stores))

    def covers_sale(self, region: str | None, store_id: str | None, salesperson_id: str | None) -> bool:
        """Whether a sale is visible, as the query layer filters its rows. None: the sale lacks the field."""
        return (
            (self.regions is None or region in self.regions)
            and (self.stores is None or store_id in self.stores)
            and (self.salesperson is None or salesperson_id == self.salesperson)
        )

    def restrict(self, only: frozenset[Action], regions: tuple[str, ...] = ()) -> "Scope":
        """A copy limited to these actions and, unless empty, to these of its regions."""
        remaining = self.regions
        if regions:
            remaining = regions if remaining is None else tuple(name for name in regions if name in remaining)
        return replace(self, only=only, regions=remaining)


UNRESTRICTED = Scope(Role.ADMIN)


def scope_of(
    role: Role, regions: tuple[str, ...] = (), stores: tuple[str, ...] = (), salesperson: str | None = None
) -> Scope:
    """The scope of a user: admins see all; analysts all or the listed regions; others only what is assigned to them."""
    match role:
        case Role.ADMIN:
            return UNRESTRICTED
        case Role.ANALYST:
            return Scope(role, regions or None)
        case Role.SALESPERSON:
            return Scope(role, regions, stores or None, salesperson or "")
        case Role.MANAGER | Role.CLERK:
            return Scope(role, regions, stores or None)


@dataclass(frozen=True)
class Extent:
    """What a shared thing concerns: a person who sees this sees a change of it.

    regions: None: all. stores: None: all of these regions, also those to come; a null in it: lines without a store.
    owner: login of the person who may change it whatever it concerns; empty: nobody.
    """

    regions: tuple[str, ...] | None = None
    stores: tuple[str | None, ...] | None = None
    owner: str = ""


COMPANY_EXTENT = Extent()
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


def narrow_stores(stores: BoundStores, by: BoundStores) -> BoundStores:
    """The stores that both contain."""
    if stores is None or by is None:
        return by if stores is None else stores
    return tuple(store for store in stores if store in by)


def writers_to_text(stores_by_correction: Mapping[int, BoundStores]) -> str | None:
    """The text for the warehouse. stores_by_correction: number of a correction, or 0 → the stores of its writer."""
    bound = {str(number): list(stores) for number, stores in stores_by_correction.items() if stores is not None}
    return json.dumps(bound, ensure_ascii=False) if bound else None


def writers_from_text(writers: str) -> dict[int, list[str]] | None:
    """Number of the correction → stores, of the rows whose writer is bound; None: each row to its own store."""
    if writers == EACH_OWN_STORE:
        return None
    bound: dict[str, list[str]] = json.loads(writers)
    return {int(number): stores for number, stores in bound.items()}


@dataclass(frozen=True)
class PasswordCost:
    """Argon2id parameters. A stored hash contains its own, so a change applies to new hashes only."""

    passes: int = 2
    memory_kib: int = 19_456
    """OWASP's lower memory profile: concurrent sign-ins must leave DuckDB its memory."""


PASSWORD_COST = PasswordCost()
"""The cost in production."""
