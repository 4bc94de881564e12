"""The product lines of a form: posted rows, and the product that was scanned or searched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from flask import request

from portal.context import ports
from portal.orders import texts
from tillstream.catalogue import entry_lists
from tillstream.catalogue.stored_entries import find_product
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.model.product_catalogue import EntryKind, Product

MOST_MATCHES = 10
"""Products that are offered for a search text."""


@dataclass(frozen=True)
class FormRow:
    """A product with the texts of its fields."""

    product: str
    name: str
    units: str = ""
    unit_cost: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Scanned:
    """The product of a scanned code or a search text, else those that match it, or why there is none."""

    product: Product | None = None
    matches: tuple[Product, ...] = ()
    error: str = ""


NOTHING_SCANNED = Scanned()


def posted_rows() -> list[FormRow]:
    """The rows of the request as entered."""
    form = request.form
    codes = form.getlist("product")
    names, units, costs = (form.getlist(name) for name in ("product_name", "units", "unit_cost"))
    return [
        FormRow(code, _at(names, at) or code, _at(units, at).strip(), _at(costs, at).strip(), _hint(code))
        for at, code in enumerate(codes)
    ]


def row_of(product: Product, units: str = "", unit_cost: str = "") -> FormRow:
    return FormRow(product.code, product.name or product.code, units, unit_cost, texts.pack_hint(product))


def scanned(region: str) -> Scanned:
    """What the fields `scan` and `add` of the request name; nothing if both are empty."""
    text = (request.form.get("add", "") or request.form.get("scan", "")).strip()
    if not text:
        return NOTHING_SCANNED
    if product := find_product(ports(), region, text):
        return Scanned(product)
    matches = entry_lists.list_entries(ports(), EntryKind.PRODUCT, UNRESTRICTED, entry_lists.EntryFilter(text))
    products = tuple(one for one in matches if isinstance(one, Product))
    if len(products) == 1:
        return Scanned(products[0])
    return Scanned(matches=products[:MOST_MATCHES], error="" if products else texts.no_product(text))


def with_product(rows: Sequence[FormRow], product: Product, new: FormRow, step: Decimal) -> list[FormRow]:
    """The rows with `step` more units of a product; with `new` at the end if they lack it."""
    changed = [replace(one, units=_more(one.units, step)) if one.product == product.code else one for one in rows]
    return changed if any(one.product == product.code for one in rows) else [*rows, new]


def number(name: str, text: str) -> Decimal:
    """The number in a field. Raises `Rejected`."""
    try:
        return catalogue_columns.parse_number(text)
    except CellProblem as error:
        raise Rejected(texts.not_a_number(name, text)) from error


def products_of(codes: Iterable[str]) -> dict[str, Product]:
    """The products of the catalogue among these codes."""
    entries = entry_lists.all_entries(ports(), EntryKind.PRODUCT)
    products = (entries.get((code,)) for code in codes)
    return {one.code: one for one in products if isinstance(one, Product)}


def _hint(code: str) -> str:
    return texts.pack_hint(products_of([code]).get(code))


def _more(text: str, step: Decimal) -> str:
    """The units of a field and a step more; the text as it is if it is no number."""
    try:
        return decimal_text((catalogue_columns.parse_number(text) if text else Decimal(0)) + step)
    except CellProblem:
        return text


def _at(values: Sequence[str], position: int) -> str:
    return values[position] if position < len(values) else ""
