"""The pipeline room: how the cells of a row name its sale, by the contract's identity rule."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.sale_ids import made_number
from tillstream.pipeline.normalising.source_columns import Source
from tillstream.pipeline.rows.issues import Findings
from tillstream.pipeline.rows.text_column import Texts, flags, plain


def sale_ids(number: Texts, store: pa.Array, contract: Contract) -> pa.Array:
    """store_id/number, or the number alone where ids are region-wide; NULL where a part is missing. (n,)"""
    prefix = contract.identity.id_prefix
    if contract.identity.ids == "region-wide":
        words = pc.binary_join_element_wise(prefix, number.words, "") if prefix else number.words
        return Texts(words, number.index).rows()
    return pc.binary_join_element_wise(plain(store), f"/{prefix}", number.plain(), "")


def name_sales(source: Source, columns: Mapping[str, pa.Array]) -> pa.Array:
    """The sale ids; each missing part is told by its own column. columns: every content column of the rows."""
    contract, store = source.contract, columns["store_id"]
    if source.maps("sale_id"):
        number = source.mapped("sale_id")
        source.findings.add_where(flags(pc.is_null(number.words))[number.index], "missing-required", "sale_id")
    else:
        number = made_number(source, columns)
    if contract.identity.ids == "per-store":
        source.findings.add_where(flags(pc.is_null(store)), "missing-required", "store_id")
    return sale_ids(number, store, contract)


def source_versions(text: pa.Array, numbers: pa.Array, findings: Findings) -> pa.Array:
    """int64 (n,): the source's own version of a sale. numbers: `text` read as NUMERIC."""
    limit = pa.scalar(2**63 - 1, pa.decimal128(38, 9))
    whole = flags(pc.and_(pc.equal(pc.trunc(numbers), numbers), pc.less_equal(pc.abs(numbers), limit)))
    broken = ~whole & flags(pc.is_valid(numbers))
    findings.add_where(broken, "not-a-number", "source_version", text, ": a version is a whole number")
    kept = pc.if_else(pa.array(np.asarray(whole)), numbers, None) if broken.any() else numbers
    return pc.cast(kept, pa.int64())
