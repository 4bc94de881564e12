"""The lines of a form: a product and a quantity each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from flask import request

from portal.places.places import Place
from portal.stock import product_codes, texts
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem
from tillstream.stock.movements import MAX_LINES, MovementLine

EMPTY = 3
"""Empty lines at the end of a form."""


@dataclass(frozen=True)
class FormLine:
    """product, quantity: as entered. problem: why the line cannot be recorded; empty if it can."""

    product: str = ""
    quantity: str = ""
    name: str = ""
    problem: str = ""
    code: str = ""
    units: Decimal = Decimal(0)


def sent(place: Place) -> list[FormLine]:
    """The lines of the request, of its form or its address, that are not empty, checked."""
    cells = zip_longest(request.values.getlist("product"), request.values.getlist("quantity"), fillvalue="")
    entered = [
        (product.strip(), quantity.strip()) for product, quantity in cells if product.strip() or quantity.strip()
    ]
    return [_checked(place, product, quantity) for product, quantity in entered[: MAX_LINES + 1]]


def to_movement(lines: Iterable[FormLine]) -> tuple[MovementLine, ...]:
    """The lines of a movement; those of one product are added up."""
    units: dict[str, Decimal] = {}
    for line in lines:
        units[line.code] = units.get(line.code, Decimal(0)) + line.units
    return tuple(MovementLine(code, quantity) for code, quantity in units.items())


def padded(lines: Sequence[FormLine]) -> list[FormLine]:
    """The lines of a form with empty ones at their end."""
    return [*lines, *[FormLine()] * EMPTY]


def quantity_of(text: str) -> Decimal | str:
    """The number in a field, or what is wrong with it."""
    try:
        return catalogue_columns.parse_number(text)
    except CellProblem:
        return texts.not_a_number(text)


def _checked(place: Place, product: str, quantity: str) -> FormLine:
    if not product:
        return FormLine(product, quantity, problem=texts.NO_PRODUCT)
    named = product_codes.find(place, product)
    if named is None:
        return FormLine(product, quantity, problem=texts.unknown_product(product))
    units = quantity_of(quantity or "1")
    if isinstance(units, str):
        return FormLine(product, quantity, named.name, units)
    return FormLine(product, quantity or "1", named.name, code=named.code, units=units)
