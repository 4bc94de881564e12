"""What another cost of a product changes in past margins, shown before it is saved."""

from flask import render_template, request

from portal.catalogue import texts
from portal.catalogue.tabs import TABS, entry_address
from portal.context import ports
from portal.metrics import ask
from tillstream.analytics.filters import Filters
from tillstream.catalogue import saving
from tillstream.domain.catalogue.cost_effect import CostEffect, cost_effects, first_changed_day
from tillstream.domain.catalogue.entries import EntryKind, Product

FIELDS = ("code", "version", "list", "remove", "region", "valid_from", "amount", "currency")
"""Fields of the form that are posted again when the change is confirmed."""


def effects_of(before: Product, after: Product) -> list[CostEffect]:
    """The margins that change, by currency, in the sales that the user sees."""
    prepared = saving.prepare(ports(), EntryKind.PRODUCT, after, before)
    since = first_changed_day(before.costs, after.costs)
    if since is None or not isinstance(prepared, Product):
        return []
    added = [row.currency for row in after.costs if row not in before.costs]
    currency = added[0] if added else before.costs[0].currency
    sums = ask("cost-effect", Filters(), product=before.code, cost_currency=currency, since=since)
    return cost_effects(sums.to_pylist(), before.costs, prepared.costs)


def page(product: Product, effects: list[CostEffect]) -> str:
    posted = [(name, request.form[name]) for name in FIELDS if name in request.form]
    return render_template(
        "catalogue/cost_effect.html",
        product=product,
        address=entry_address(TABS["products"], product),
        effects=effects,
        posted=posted,
        title=texts.COST_EFFECT,
    )
