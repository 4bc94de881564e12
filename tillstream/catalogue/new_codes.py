"""Codes of the sales that the catalogue lacks: accept one as an entry, merge it into a product, or ignore it.

Each decision is stored with the change that it causes, and can be undone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tillstream.catalogue import entry_saving, stored_entries
from tillstream.catalogue.stored_entries import entry_document_id
from tillstream.model import audit
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.product_catalogue import (
    Alias,
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    Salesperson,
    Store,
    is_withdrawn,
)
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log

COLLECTION = "catalogue_decisions"


class CodeDecision(StrEnum):
    ACCEPTED = "accepted"
    MERGED = "merged"
    IGNORED = "ignored"
    UNDONE = "undone"


@dataclass(frozen=True)
class NewCode:
    """A code in the sales of a region with its usual name, category and price, and the day of its first sale.

    `stores`: those in which a salesperson sold.
    """

    region: str
    code: str
    name: str = ""
    category: str = ""
    price: Decimal | None = None
    currency: str = ""
    first_day: date | None = None
    kind: EntryKind = EntryKind.PRODUCT
    stores: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecidedCode:
    """A decision about a code. `product` and `version`: the product or other entry that was saved.

    `at`: ISO 8601 UTC text. A decision that was stored without a kind is about the code of a product.
    """

    region: str
    code: str
    decision: str
    by: str
    at: str
    product: str = ""
    version: int = 0
    kind: EntryKind = EntryKind.PRODUCT
    stores: tuple[str, ...] = ()


class ChangedSince(Rejected):
    """The entry of an accepted code was changed or used since, so that the acceptance cannot be undone."""

    def __init__(self, kind: EntryKind, code: str) -> None:
        super().__init__(f"The {kind} {code} was changed since it was accepted. Retire it instead.")


def decided_codes(ports: Ports) -> list[DecidedCode]:
    """The decisions that count, the latest first."""
    decisions = [from_json(DecidedCode, one.data) for one in ports.documents.find(COLLECTION)]
    return sorted(
        (one for one in decisions if one.decision != CodeDecision.UNDONE), key=lambda one: one.at, reverse=True
    )


def code_id(kind: EntryKind, region: str, code: str) -> str:
    """Names a code of a kind; that of a product has no kind, as when there were no others."""
    return entry_document_id(region, code) if kind is EntryKind.PRODUCT else entry_document_id(kind, region, code)


def draft_entry(code: NewCode | DecidedCode) -> Entry:
    """The entry that the code proposes, without prices: it decides who may see the code and decide about it."""
    match code.kind:
        case EntryKind.STORE:
            currency = code.currency if isinstance(code, NewCode) else ""
            return Store(code.region, code.code, code.code, currency=currency)
        case EntryKind.SALESPERSON:
            return Salesperson(code.region, code.code, code.code, code.stores)
        case _:
            return Product(code.code, code.code)


def get_decision(ports: Ports, region: str, code: str, kind: EntryKind = EntryKind.PRODUCT) -> DecidedCode:
    """The decision about a code. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, code_id(kind, region, code))
    if document is None or document.data["decision"] == CodeDecision.UNDONE:
        raise NotFound(f"There is no decision about the code {code} of {region}.")
    return from_json(DecidedCode, document.data)


def accept_code(ports: Ports, codes: Sequence[NewCode], *, by: str, regions: Collection[str]) -> Entry:
    """Add the entry of one code: a product has the usual price of each region of `codes` from its first sale on.

    Raises as `save_entry`; `EntryConflict` if the catalogue has the entry.
    """
    entry = _entry(ports, codes)
    kind = codes[0].kind
    version = stored_entries.version_of_new_entry(ports, kind, *entry.key)
    also = [_put(ports, one, CodeDecision.ACCEPTED, by, one.code, version + 1) for one in codes]
    entry_saving.save_entry(ports, kind, entry, if_version=version, by=by, regions=regions, also=also)
    return entry


def _entry(ports: Ports, codes: Sequence[NewCode]) -> Entry:
    """The entry of a code. A salesperson sells in the stores of their sales that the catalogue has."""
    first = codes[0]
    if first.kind is EntryKind.SALESPERSON:
        listed = [
            one for one in first.stores if stored_entries.get_current_entry(ports, EntryKind.STORE, first.region, one)
        ]
        return draft_entry(replace(first, stores=tuple(listed) or first.stores))
    if first.kind is not EntryKind.PRODUCT:
        return draft_entry(first)
    prices = tuple(
        DatedAmount(one.region, one.currency, one.price, one.first_day)
        for one in codes
        if one.price is not None and one.price >= 0 and one.currency
    )
    return Product(first.code, first.name or first.code, first.category, prices=prices)


def merge_codes(ports: Ports, codes: Sequence[NewCode], product: str, *, by: str, regions: Collection[str]) -> Product:
    """Make the codes aliases of a product. Raises as `save_entry`, and `NotFound` without the product."""
    stored = stored_entries.get_required_entry(ports, EntryKind.PRODUCT, product)
    entry = stored.entry
    if not isinstance(entry, Product) or is_withdrawn(entry):
        raise NotFound(f"The catalogue has no product {product}.")
    added = [Alias(one.region, one.code) for one in codes]
    merged = replace(entry, aliases=tuple(dict.fromkeys([*entry.aliases, *added])))
    also = [_put(ports, one, CodeDecision.MERGED, by, product, stored.version + 1) for one in codes]
    entry_saving.save_entry(
        ports, EntryKind.PRODUCT, merged, if_version=stored.version, by=by, regions=regions, also=also
    )
    return merged


def ignore_codes(ports: Ports, codes: Iterable[NewCode], *, by: str) -> None:
    """Leave the codes out of the list of new codes. Repeating it is harmless."""
    for one in codes:
        entry = audit_log.entry(ports, by, audit.AuditAction.CATALOGUE_CODE_IGNORED, _subject(one), None, None)
        ports.documents.put_all([_put(ports, one, CodeDecision.IGNORED, by), entry])


def undo_decision(ports: Ports, decision: DecidedCode, *, by: str, regions: Collection[str]) -> None:
    """Take back a decision, so that the code is new again. Raises `ChangedSince`, and as `save_entry`."""
    match decision.decision:
        case CodeDecision.IGNORED:
            entry = audit_log.entry(
                ports, by, audit.AuditAction.CATALOGUE_CODE_RESTORED, _subject(decision), None, None
            )
            ports.documents.put_all([_undone(decision), entry])
        case CodeDecision.MERGED:
            _undo_merge(ports, decision, by, regions)
        case CodeDecision.ACCEPTED:
            _undo_acceptance(ports, decision, by)


def _undo_merge(ports: Ports, decision: DecidedCode, by: str, regions: Collection[str]) -> None:
    stored = stored_entries.get_required_entry(ports, EntryKind.PRODUCT, decision.product)
    entry, alias = stored.entry, Alias(decision.region, decision.code)
    if not isinstance(entry, Product) or alias not in entry.aliases:
        ports.documents.put_all([_undone(decision)])
        return
    without = replace(entry, aliases=tuple(one for one in entry.aliases if one != alias))
    also = [_undone(decision)]
    entry_saving.save_entry(
        ports, EntryKind.PRODUCT, without, if_version=stored.version, by=by, regions=regions, also=also
    )


def _undo_acceptance(ports: Ports, decision: DecidedCode, by: str) -> None:
    kind, key = decision.kind, draft_entry(decision).key
    stored = stored_entries.get_required_entry(ports, kind, *key)
    if stored.version != decision.version or _is_used(ports, decision):
        raise ChangedSince(kind, decision.code)
    same = (CodeDecision.ACCEPTED, kind, key)
    also = [_undone(one) for one in decided_codes(ports) if (one.decision, one.kind, draft_entry(one).key) == same]
    entry_saving.withdraw_entry(ports, kind, key, if_version=stored.version, by=by, also=also)


def _is_used(ports: Ports, decision: DecidedCode) -> bool:
    """Whether another entry names the accepted one."""
    if decision.kind is EntryKind.PRODUCT:
        return bool(
            ports.documents.find(
                stored_entries.ENTRY_COLLECTIONS[EntryKind.PROMOTION], {"product": decision.code}, limit=1
            )
        )
    if decision.kind is not EntryKind.STORE:
        return False
    region, code = decision.region, decision.code
    salespeople = ports.documents.find(stored_entries.ENTRY_COLLECTIONS[EntryKind.SALESPERSON], {"region": region})
    promotions = ports.documents.find(stored_entries.ENTRY_COLLECTIONS[EntryKind.PROMOTION], {"store_id": code})
    return any(code in one.data["stores"] for one in salespeople) or any(
        one.data["region"] == region for one in promotions
    )


def _put(ports: Ports, code: NewCode, decision: CodeDecision, by: str, product: str = "", version: int = 0) -> Put:
    at = ports.clock.now().isoformat()
    made = DecidedCode(code.region, code.code, decision.value, by, at, product, version, code.kind, code.stores)
    return Put(COLLECTION, code_id(code.kind, code.region, code.code), to_json(made))


def _undone(decision: DecidedCode) -> Put:
    undone = to_json(replace(decision, decision=CodeDecision.UNDONE.value))
    return Put(COLLECTION, code_id(decision.kind, decision.region, decision.code), undone)


def _subject(code: NewCode | DecidedCode) -> str:
    return f"{'code' if code.kind is EntryKind.PRODUCT else code.kind} {code.region} {code.code}"
