"""Names of sales for sources without a sale number: from some of their columns, or from all."""

from collections.abc import Mapping
from functools import reduce
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.source_columns import TOLD_AS, Source
from tillstream.pipeline.rows.issues import Findings, written
from tillstream.pipeline.rows.text_column import Texts, distinct, flags, plain

_LENGTH = 20
_UNIT = "\x1f"


def made_number(source: Source, columns: Mapping[str, pa.Array]) -> Texts:
    """columns: every content column of the rows. NULL where a part is missing, which is told."""
    made_of = source.contract.identity.made_of
    number = _joined(source, columns, made_of) if made_of else _digests(columns)
    return distinct(number, np.arange(source.length, dtype=np.int32))


def _joined(source: Source, columns: Mapping[str, pa.Array], made_of: tuple[str, ...]) -> pa.Array:
    """The parts between slashes, those inside a part doubled; a missing one is told by the column it stands for."""
    contract, parts = source.contract, []
    header_of = contract.columns
    for header in made_of:
        name = next((name for name in header_of if header_of[name] == header), "")
        if name == "store_id" and contract.identity.ids == "per-store" and len(made_of) > 1:
            continue
        if name == "date" and contract.dates.only_days and not source.maps("time"):
            # a missing day is told as that of any row is
            parts.append(pc.cast(columns["sale_date"], pa.string()))
            continue
        text = (source.mapped(name) if name else source.text(header)).plain()
        source.findings.add_where(flags(pc.is_null(text)), "missing-required", TOLD_AS.get(name, name or header))
        parts.append(pc.replace_substring(text, "/", "//"))
    return reduce(lambda one, other: pc.binary_join_element_wise(one, other, "/"), parts)


def _digests(columns: Mapping[str, pa.Array]) -> pa.Array:
    """One for each distinct content: rows that tell the same are lines of one sale."""
    texts = [_text(columns[column.name]) for column in CONTENT]
    told = pc.binary_join_element_wise(*texts, _UNIT).dictionary_encode()
    names = [sha256(word).hexdigest()[:_LENGTH] for word in told.dictionary.cast(pa.binary()).to_pylist()]
    return pa.array(names, pa.string()).take(told.indices)


def _text(values: pa.Array) -> pa.Array:
    text = plain(values)
    return pc.fill_null(text if pa.types.is_string(text.type) else written(text), _UNIT)


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
