"""Changes of an entry as text: what a field was before and is after, for the history and the preview of an import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.catalogue import texts
from portal.context import scope
from portal.formats import price
from portal.reader_locale import day_text
from tillstream.catalogue.entry_permissions import shows_amount
from tillstream.model.catalogue_columns import rate_text
from tillstream.model.document_json import from_json
from tillstream.model.product_catalogue import EVERYWHERE, DatedAmount


@dataclass(frozen=True)
class FieldChange:
    """`before`, `after`: one text for each value; of prices and costs only those that were removed and added."""

    label: str
    before: list[str]
    after: list[str]


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    """The fields of `after`, as of `history.changed_fields`; amounts of other regions are left out."""
    for field, new in after.items():
        old = before.get(field, [])
        if field not in texts.LISTS:
            yield FieldChange(texts.LABELS.get(field, field), _texts(field, old), _texts(field, new))
            continue
        removed, added = ([one for one in old if one not in new], [one for one in new if one not in old])
        change = FieldChange(texts.LABELS[field], _amounts(removed), _amounts(added))
        if change.before or change.after:
            yield change


def amount_text(row: DatedAmount) -> str:
    region = "" if row.region == EVERYWHERE else row.region
    amount = price(row.amount, row.currency).striptags()
    return texts.amount(region, amount, row.currency, day_text(row.valid_from) if row.valid_from else "")


def _amounts(rows: list[dict[str, Any]]) -> list[str]:
    amounts = (from_json(DatedAmount, one) for one in rows)
    return [amount_text(one) for one in amounts if shows_amount(scope(), one.region)]


def _texts(field: str, value: Any) -> list[str]:
    match value:
        case list():
            shown = [one for part in value for one in _texts(field, part)]
        case {"region": region, "code": code}:
            shown = [f"{region}:{code}"]
        case {"day": day, "hours": hours}:
            shown = [f"{day} {hours}"]
        case bool():
            shown = [texts.YES_NO["yes" if value else "no"]]
        case str() if field == "rate" and value:
            shown = [rate_text(Decimal(value))]
        case _:
            shown = [texts.ALL_REGIONS if (field, value) == ("region", EVERYWHERE) else str(value)] if value else []
    return shown
