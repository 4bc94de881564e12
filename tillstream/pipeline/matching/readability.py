"""Whether a contract can read the cells of one column, by what reads the file itself."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.amounts import NUMBERS, Amounts
from tillstream.pipeline.normalising.dates.formats import MISSING
from tillstream.pipeline.normalising.dates.parse import read_dates, read_times, readable
from tillstream.pipeline.normalising.source_columns import Source
from tillstream.pipeline.rows.text_column import flags

_CURRENCY = "^[A-Z]{3}$"


def reads(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """For each cell of the header that the contract maps to the role. Cells that mean "no value" can be read, unless
    the contract refuses them; a column that the contract makes of others is not looked into."""
    header = contract.columns[role]
    if header in contract.made or not words:
        return [True] * len(words)
    source = Source(pa.table({header: pa.array(words, pa.string())}), contract)
    text = source.mapped(role)
    if role in NUMBERS or role == "source_version":
        Amounts(source).read(role)
        good = np.ones(len(words), np.bool_)
    else:
        good = (flags(pc.is_null(text.words)) | _readable(contract, role, text.words))[text.index]
    found: list[bool] = (good & ~source.findings.refused(len(words))).tolist()
    return found


def _readable(contract: Contract, role: str, words: pa.Array) -> npt.NDArray[np.bool_]:
    """bool (m,)"""
    if role == "date":
        return readable(words, read_dates(words, contract.dates))
    if role == "time":
        return np.not_equal(read_times(words, contract.dates)[0], MISSING)
    if role == "status":
        known = {word.strip().casefold() for word in contract.status.words}
        return np.array([word is not None and word.casefold() in known for word in words.to_pylist()], np.bool_)
    if role == "currency":
        return flags(pc.match_substring_regex(words, _CURRENCY))
    if role in contract.allowed:
        return flags(pc.is_in(words, value_set=pa.array(contract.allowed[role], pa.string())))
    return np.ones(len(words), np.bool_)
