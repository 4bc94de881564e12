"""The prices and costs of a product on its page, each with the form that adds one."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request

from portal.catalogue import texts
from portal.catalogue.form_fields import FormField, amount_fields
from portal.context import scope
from tillstream.catalogue.entry_permissions import edits_region, shows_amount
from tillstream.model.catalogue_columns import EntryProblem
from tillstream.model.product_catalogue import DatedAmount, Product, replaced_amounts


@dataclass(frozen=True)
class AmountRow:
    """`index`: position in the list of the product. `replaced`: another one from the same day counts."""

    row: DatedAmount
    index: int
    editable: bool
    replaced: bool


@dataclass(frozen=True)
class AmountList:
    """`fields`: those of the form, with the posted values if `is_posted`."""

    name: str
    title: str
    singular: str
    rows: list[AmountRow]
    fields: list[FormField]
    is_posted: bool


def lists_of(product: Product, problems: Iterable[EntryProblem] = ()) -> list[AmountList]:
    """The visible prices and costs, by region and day. problems: those of the posted form."""
    listed = []
    for name in texts.LISTS:
        rows = product.prices if name == "prices" else product.costs
        without_effect = replaced_amounts(rows, by_currency=name == "prices")
        shown = [
            AmountRow(row, index, edits_region(scope(), row.region), index in without_effect)
            for index, row in sorted(enumerate(rows), key=lambda pair: _order(pair[1]))
            if shows_amount(scope(), row.region)
        ]
        is_posted = request.form.get("list") == name and "remove" not in request.form
        fields = amount_fields(name, request.form if is_posted else {}, problems if is_posted else ())
        listed.append(AmountList(name, texts.LABELS[name], texts.LISTS[name], shown, fields, is_posted))
    return listed


def _order(row: DatedAmount) -> tuple[str, str, str]:
    return row.region, str(row.valid_from or ""), row.recorded_at
