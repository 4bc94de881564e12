"""Check whether a contract can parse the cells of one column, with the parsers of the pipeline."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.amounts import NUMBERS, Amounts
from tillstream.pipeline.normalising.dates.formats import MISSING
from tillstream.pipeline.normalising.dates.parse import is_readable, read_dates, read_times
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.text_column import to_bool_array

_CURRENCY = "^[A-Z]{3}$"


def can_parse(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """Return for each cell of the role's column whether the contract can parse it.

    Missing values are valid unless the contract rejects them. Derived columns are not checked.
    """
    header = contract.columns[role]
    if header in contract.made or not words:
        return [True] * len(words)
    if contract.numbers.alternatives:
        each = (contract.model_copy(update={"numbers": style}) for style in contract.numbers.styles)
        return [any(one) for one in zip(*(can_parse(other, role, words) for other in each), strict=True)]
    source = SourceColumns(pa.table({header: pa.array(words, pa.string())}), contract)
    text = source.mapped(role)
    if role in NUMBERS or role == "source_version":
        Amounts(source).read(role)
        is_valid = np.ones(len(words), np.bool_)
    else:
        is_valid = (to_bool_array(pc.is_null(text.words)) | _is_valid(contract, role, text.words))[text.index]
    result: list[bool] = (is_valid & ~source.issues.rejected_mask(len(words))).tolist()
    return result


def _is_valid(contract: Contract, role: str, words: pa.Array) -> npt.NDArray[np.bool_]:
    """Return whether each word is valid for the role, bool (m,)."""
    if role == "date":
        return is_readable(words, read_dates(words, contract.dates))
    if role == "time":
        return np.not_equal(read_times(words, contract.dates)[0], MISSING)
    if role == "status":
        statuses = {word.strip().casefold() for word in contract.status.words}
        return np.array([word is not None and word.casefold() in statuses for word in words.to_pylist()], np.bool_)
    if role == "currency":
        return to_bool_array(pc.match_substring_regex(words, _CURRENCY))
    if role in contract.allowed:
        return to_bool_array(pc.is_in(words, value_set=pa.array(contract.allowed[role], pa.string())))
    return np.ones(len(words), np.bool_)
