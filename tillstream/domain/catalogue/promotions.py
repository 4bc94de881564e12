"""Overlaps of promotions: two of one kind cannot reduce the price of the same product in a store on one day."""

from collections.abc import Iterable, Mapping
from datetime import date

from tillstream.domain.catalogue.dated_amounts import EVERYWHERE
from tillstream.domain.catalogue.entries import Promotion


def overlap(one: Promotion, other: Promotion, category_of: Mapping[str, str]) -> bool:
    """Whether both count for some product, store and day, and are of one kind. category_of: product → its category.

    Retired promotions overlap none.
    """
    return (
        one.active
        and other.active
        and one.kind == other.kind
        and _days_overlap(one, other)
        and _stores_overlap(one, other)
        and _targets_overlap(one, other, category_of)
    )


def first_overlap(
    promotion: Promotion, others: Iterable[Promotion], category_of: Mapping[str, str]
) -> Promotion | None:
    """The first of the others that overlaps; the promotion with the same id is left out."""
    return next(
        (one for one in others if one.promotion_id != promotion.promotion_id and overlap(promotion, one, category_of)),
        None,
    )


def _days_overlap(one: Promotion, other: Promotion) -> bool:
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    return first <= min(one.valid_to or date.max, other.valid_to or date.max)


def _stores_overlap(one: Promotion, other: Promotion) -> bool:
    if EVERYWHERE in {one.region, other.region}:
        return True
    return one.region == other.region and (not one.store_id or not other.store_id or one.store_id == other.store_id)


def _targets_overlap(one: Promotion, other: Promotion, category_of: Mapping[str, str]) -> bool:
    if one.product and other.product:
        return one.product == other.product
    if one.category and other.category:
        return one.category == other.category
    product, category = (one.product or other.product), (one.category or other.category)
    return category_of.get(product, "") == category
