"""Who may edit which entries of the catalogue.

Administrators edit everything, and so do managers who are not limited to regions. Other managers edit the stores,
salespeople and promotions of their regions and stores, and the prices and costs of products in their regions; what
concerns the whole company they only see.
"""

from dataclasses import replace

from tillstream.model.catalogue_columns import EntryProblem
from tillstream.model.people import COMPANY_EXTENT, Extent, Scope, extent_of, may_change
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import (
    EVERYWHERE,
    DatedAmount,
    Entry,
    Product,
    Promotion,
    Salesperson,
    Store,
    Supplier,
)


def edits_all(scope: Scope) -> bool:
    """Whether entries of the whole company may be edited."""
    return scope.may(Action.MANAGE_STOCK) and may_change(scope, COMPANY_EXTENT)


def edits_region(scope: Scope, region: str) -> bool:
    """Whether prices and costs of the region may be edited: not by who is limited to some of its stores."""
    return scope.may(Action.MANAGE_STOCK) and may_change(scope, extent_of(region))


def shows_amount(scope: Scope, region: str) -> bool:
    """Whether a price or cost of the region is shown."""
    return region == EVERYWHERE or scope.covers_region(region)


def check_edit(scope: Scope, before: Entry | None, after: Entry) -> list[EntryProblem]:
    """The problem `not-permitted` if the change is outside the scope."""
    if edits_all(scope) or before == after:
        return []
    allowed = scope.may(Action.MANAGE_STOCK) and _may(scope, before, after)
    return [] if allowed else [EntryProblem("not-permitted", value=" ".join(after.key))]


def may_edit(scope: Scope, entry: Entry) -> bool:
    """Whether some field of the entry may be edited, apart from the prices and costs of products."""
    return not check_edit(scope, None, entry)


def _may(scope: Scope, before: Entry | None, after: Entry) -> bool:
    match after:
        case Product():
            return isinstance(before, Product) and _only_amounts(scope, before, after)
        case Store():
            return may_change(scope, extent_of(after.region, after.store_id))
        case Salesperson():
            versions = [extent_of(one.region, *one.stores) for one in (before, after) if isinstance(one, Salesperson)]
            return all(may_change(scope, one) for one in versions)
        case Promotion():
            return all(may_change(scope, _of_promotion(one)) for one in (before, after) if isinstance(one, Promotion))
        case Supplier():
            return False


def _of_promotion(one: Promotion) -> Extent:
    return extent_of(one.region, *([one.store_id] if one.store_id else []))


def _only_amounts(scope: Scope, before: Product, after: Product) -> bool:
    """Whether only prices and costs of own regions differ."""
    unchanged = replace(after, costs=before.costs, prices=before.prices, versions=before.versions)
    changed = [*_difference(before.costs, after.costs), *_difference(before.prices, after.prices)]
    return unchanged == before and all(edits_region(scope, row.region) for row in changed)


def _difference(before: tuple[DatedAmount, ...], after: tuple[DatedAmount, ...]) -> list[DatedAmount]:
    return [*(row for row in after if row not in before), *(row for row in before if row not in after)]
