"""Add and remove dated prices and costs of a product."""

from dataclasses import replace

from flask import request
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.catalogue import cost_preview, texts
from portal.catalogue.editing import form_page, save_entry, stored_entry
from portal.catalogue.tabs import TABS
from portal.context import scope, tillstream
from tillstream.catalogue.entry_permissions import check_edit
from tillstream.catalogue.file_export import amount_of_row
from tillstream.model.catalogue_columns import AMOUNT_COLUMNS, parse_cells
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.model.product_catalogue import DatedAmount, Product, amount_of_same_day

TAB = TABS["products"]


@allow(Action.MANAGE_STOCK)
def save() -> ResponseReturnValue:
    """Add the posted row, or remove the one with the posted index, at the version that the page showed.

    A cost that changes past margins is saved once its effect was shown.
    """
    stored = stored_entry(TAB)
    product, name = stored.entry, request.form.get("list", "")
    if not isinstance(product, Product) or name not in texts.LISTS:
        raise NotFound(texts.no_tab(name))
    version = request.form.get("version", 0, type=int)
    rows: tuple[DatedAmount, ...] = product.prices if name == "prices" else product.costs
    notices: list[str] = []
    index = request.form.get("remove", type=int)
    if index is not None:
        rows = tuple(row for position, row in enumerate(rows) if position != index)
    else:
        posted = {one.name: request.form.get(one.name, "") for one in AMOUNT_COLUMNS if one.name != "code"}
        parsed, problems = parse_cells(AMOUNT_COLUMNS, posted)
        if problems:
            return form_page(TAB, stored, problems, version=version), 422
        new = amount_of_row(parsed, tillstream().settings.reporting_currency)
        old = amount_of_same_day(rows, new, by_currency=name == "prices")
        if old and (old.amount, old.currency) != (new.amount, new.currency):
            notices = [
                texts.replaces(texts.LISTS[name], formats.price(old.amount, old.currency).striptags(), old.currency)
            ]
        if not old or notices:
            rows = (*rows, new)
    changed = replace(product, prices=rows) if name == "prices" else replace(product, costs=rows)
    is_new = version == stored.version and not check_edit(scope(), product, changed)
    if name == "costs" and is_new and "confirmed" not in request.form:
        effects = cost_preview.effects_of(product, changed)
        if effects:
            return cost_preview.page(product, effects)
    return save_entry(TAB, changed, stored, version, notices)
