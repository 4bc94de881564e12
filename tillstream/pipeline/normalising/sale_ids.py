"""The pipeline room: names of sales for sources without a sale number: from some of their columns, or from all."""

from collections.abc import Mapping
from functools import reduce
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT
from tillstream.pipeline.normalising.source_columns import TOLD_AS, Source
from tillstream.pipeline.rows.issues import written
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
