"""Codes of the sales that the catalogue lacks: accept one as a product, merge it into a product, or ignore it.

Each decision is stored with the change that it causes, and can be undone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tillstream import audit
from tillstream.catalogue import records, saving
from tillstream.catalogue.records import document_id
from tillstream.domain.catalogue.aliases import Alias
from tillstream.domain.catalogue.dated_amounts import DatedAmount
from tillstream.domain.catalogue.entries import EntryKind, Product
from tillstream.domain.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

COLLECTION = "catalogue_decisions"


class Decision(StrEnum):
    ACCEPTED = "accepted"
    MERGED = "merged"
    IGNORED = "ignored"
    UNDONE = "undone"


@dataclass(frozen=True)
class NewCode:
    """A code in the sales of a region with its usual name, category and price, and the day of its first sale."""

    region: str
    code: str
    name: str = ""
    category: str = ""
    price: Decimal | None = None
    currency: str = ""
    first_day: date | None = None


@dataclass(frozen=True)
class Decided:
    """A decision about a code. `product` and `version`: the product that was saved. `at`: ISO 8601 UTC text."""

    region: str
    code: str
    decision: str
    by: str
    at: str
    product: str = ""
    version: int = 0


class ChangedSince(Rejected):
    """The product of an accepted code was changed since, so that the acceptance cannot be undone."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The product {code} was changed since it was accepted. Retire it instead.")


def decided(ports: Ports) -> list[Decided]:
    """The decisions that count, the latest first."""
    decisions = [Decided(**one.data) for one in ports.documents.find(COLLECTION)]
    return sorted((one for one in decisions if one.decision != Decision.UNDONE), key=lambda one: one.at, reverse=True)


def get(ports: Ports, region: str, code: str) -> Decided:
    """The decision about a code. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, document_id(region, code))
    if document is None or document.data["decision"] == Decision.UNDONE:
        raise NotFound(f"There is no decision about the code {code} of {region}.")
    return Decided(**document.data)


def accept(ports: Ports, codes: Sequence[NewCode], *, by: str, regions: Collection[str]) -> Product:
    """Add the product of one code, with the usual price of each region of `codes` from its first sale on.

    Raises as `saving.save`; `EditConflict` if the catalogue has the product.
    """
    first = codes[0]
    stored = records.get(ports, EntryKind.PRODUCT, first.code)
    version = stored.version if stored and isinstance(stored.entry, Product) and stored.entry.is_withdrawn else 0
    prices = tuple(
        DatedAmount(one.region, one.currency, one.price, one.first_day)
        for one in codes
        if one.price is not None and one.price >= 0 and one.currency
    )
    product = Product(first.code, first.name or first.code, first.category, prices=prices)
    also = [_put(ports, one, Decision.ACCEPTED, by, product.code, version + 1) for one in codes]
    saving.save(ports, EntryKind.PRODUCT, product, if_version=version, by=by, regions=regions, also=also)
    return product


def merge(ports: Ports, codes: Sequence[NewCode], product: str, *, by: str, regions: Collection[str]) -> Product:
    """Make the codes aliases of a product. Raises as `saving.save`, and `NotFound` without the product."""
    stored = records.required(ports, EntryKind.PRODUCT, product)
    entry = stored.entry
    if not isinstance(entry, Product) or entry.is_withdrawn:
        raise NotFound(f"The catalogue has no product {product}.")
    added = [Alias(one.region, one.code) for one in codes]
    merged = replace(entry, aliases=tuple(dict.fromkeys([*entry.aliases, *added])))
    also = [_put(ports, one, Decision.MERGED, by, product, stored.version + 1) for one in codes]
    saving.save(ports, EntryKind.PRODUCT, merged, if_version=stored.version, by=by, regions=regions, also=also)
    return merged


def ignore(ports: Ports, codes: Iterable[NewCode], *, by: str) -> None:
    """Leave the codes out of the list of new codes. Repeating it is harmless."""
    for one in codes:
        entry = audit.entry(ports, by, audit.AuditAction.CATALOGUE_CODE_IGNORED, _subject(one), None, None)
        ports.documents.put_all([_put(ports, one, Decision.IGNORED, by), entry])


def undo(ports: Ports, decision: Decided, *, by: str, regions: Collection[str]) -> None:
    """Take back a decision, so that the code is new again. Raises `ChangedSince`, and as `saving.save`."""
    match decision.decision:
        case Decision.IGNORED:
            entry = audit.entry(ports, by, audit.AuditAction.CATALOGUE_CODE_RESTORED, _subject(decision), None, None)
            ports.documents.put_all([_undone(decision), entry])
        case Decision.MERGED:
            _undo_merge(ports, decision, by, regions)
        case Decision.ACCEPTED:
            _undo_acceptance(ports, decision, by)


def _undo_merge(ports: Ports, decision: Decided, by: str, regions: Collection[str]) -> None:
    stored = records.required(ports, EntryKind.PRODUCT, decision.product)
    entry, alias = stored.entry, Alias(decision.region, decision.code)
    if not isinstance(entry, Product) or alias not in entry.aliases:
        ports.documents.put_all([_undone(decision)])
        return
    without = replace(entry, aliases=tuple(one for one in entry.aliases if one != alias))
    also = [_undone(decision)]
    saving.save(ports, EntryKind.PRODUCT, without, if_version=stored.version, by=by, regions=regions, also=also)


def _undo_acceptance(ports: Ports, decision: Decided, by: str) -> None:
    stored = records.required(ports, EntryKind.PRODUCT, decision.product)
    unchanged = isinstance(stored.entry, Product) and stored.version == decision.version
    if not isinstance(stored.entry, Product) or not unchanged or _is_promoted(ports, decision.product):
        raise ChangedSince(decision.product)
    also = [
        _undone(one) for one in decided(ports) if (one.decision, one.product) == (Decision.ACCEPTED, decision.product)
    ]
    saving.withdraw(ports, stored.entry, if_version=stored.version, by=by, also=also)


def _is_promoted(ports: Ports, code: str) -> bool:
    return bool(ports.documents.find(records.COLLECTIONS[EntryKind.PROMOTION], {"product": code}, limit=1))


def _put(ports: Ports, code: NewCode, decision: Decision, by: str, product: str = "", version: int = 0) -> Put:
    at = ports.clock.now().isoformat()
    data = asdict(Decided(code.region, code.code, decision.value, by, at, product, version))
    return Put(COLLECTION, document_id(code.region, code.code), data)


def _undone(decision: Decided) -> Put:
    data = asdict(replace(decision, decision=Decision.UNDONE.value))
    return Put(COLLECTION, document_id(decision.region, decision.code), data)


def _subject(code: NewCode | Decided) -> str:
    return f"code {code.region} {code.code}"
