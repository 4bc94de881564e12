"""What another cost of a product changes in past margins, shown before it is saved."""

from collections.abc import Iterable

from flask import render_template, request

from portal.catalogue import texts
from portal.catalogue.tabs import TABS, entry_address
from portal.context import ports
from portal.figures import ask
from tillstream.analytics.filters import Filters
from tillstream.catalogue import entry_saving
from tillstream.catalogue.cost_effect import CostEffect, cost_effects, first_changed_day
from tillstream.catalogue.file_import import PlannedChange
from tillstream.model.product_catalogue import EntryKind, Product

FIELDS = ("code", "version", "list", "remove", "region", "valid_from", "amount", "currency")
"""Fields of the form that are posted again when the change is confirmed."""

MOST = 10
"""Products of an import whose effects are computed: each needs a query."""


def effects_of(before: Product, after: Product) -> list[CostEffect]:
    """The margins that change, by currency, in the sales that the user sees."""
    prepared = entry_saving.prepare_entry(ports(), EntryKind.PRODUCT, after, before)
    since = first_changed_day(before.costs, after.costs)
    if since is None or not isinstance(prepared, Product):
        return []
    added = dict.fromkeys(row.currency for row in after.costs if row not in before.costs)
    sums = [
        row
        for currency in added or [before.costs[0].currency]
        for row in ask("cost-effect", Filters(), product=before.code, cost_currency=currency, since=since).to_pylist()
    ]
    return cost_effects(sums, before.costs, prepared.costs)


def effects_of_import(changes: Iterable[PlannedChange]) -> tuple[list[tuple[Product, CostEffect]], int]:
    """The margins that the first products of an import change, and the number of products that are left out."""
    pairs = [
        (one.before.entry, one.after)
        for one in changes
        if one.before and isinstance(one.before.entry, Product) and isinstance(one.after, Product)
    ]
    today = ports().clock.now().date()
    changing = [(old, new) for old, new in pairs if (first_changed_day(old.costs, new.costs) or today) < today]
    effects = [(new, effect) for old, new in changing[:MOST] for effect in effects_of(old, new)]
    return effects, max(len(changing) - MOST, 0)


def page(product: Product, effects: list[CostEffect]) -> str:
    posted = [(name, request.form[name]) for name in FIELDS if name in request.form]
    return render_template(
        "catalogue/cost_effect.html",
        product=product,
        address=entry_address(TABS["products"], product),
        effects=[(None, effect) for effect in effects],
        posted=posted,
        title=texts.COST_EFFECT,
    )
