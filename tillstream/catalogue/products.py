"""Look up products by any of their codes."""

from tillstream.catalogue import records
from tillstream.domain.catalogue.dated_amounts import EVERYWHERE
from tillstream.domain.catalogue.entries import EntryKind, Product
from tillstream.ports import Ports

CODES = "catalogue_codes"
"""Aliases and barcodes: (region or `*`, code) → product."""


def get(ports: Ports, code: str) -> Product | None:
    """The product of a product code."""
    entry = records.current(ports, EntryKind.PRODUCT, code)
    return entry if isinstance(entry, Product) else None


def find_code(ports: Ports, region: str, code: str) -> Product | None:
    """The product that a code names in a region: by an alias or barcode, repeatedly, else by the product code."""
    code, visited = code.strip(), set[str]()
    while code not in visited:
        visited.add(code)
        owner = owner_of(ports, region, code) or owner_of(ports, EVERYWHERE, code)
        if not owner:
            break
        code = owner
    return get(ports, code) if code else None


def owner_of(ports: Ports, region: str, code: str) -> str:
    """The product with the alias or barcode in exactly this region; empty if there is none."""
    document = ports.documents.get(CODES, records.document_id(region, code))
    return str(document.data["product"]) if document else ""


def all_codes(ports: Ports) -> dict[tuple[str, str], str]:
    """All aliases and barcodes."""
    documents = (one.data for one in ports.documents.find(CODES))
    return {(data["region"], data["code"]): data["product"] for data in documents if data["product"]}


def codes_of(product: Product) -> dict[tuple[str, str], str]:
    """The aliases and barcodes of a product, as keys, with their type."""
    barcodes = {(EVERYWHERE, code): "barcode" for code in product.barcodes if code != product.code}
    return barcodes | {(one.region, one.code): "alias" for one in product.aliases}
