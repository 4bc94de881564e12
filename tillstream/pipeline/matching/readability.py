"""Check which cells of a sampled file a contract can parse, and in which of its formats."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection import FileSample
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import NumberStyle
from tillstream.pipeline.normalising.amounts import NUMBER_COLUMNS, LineAmounts
from tillstream.pipeline.normalising.date_formats import MISSING_TIME
from tillstream.pipeline.normalising.number_columns import read_numbers
from tillstream.pipeline.normalising.parse_dates import is_readable_date, read_dates, read_times
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.text_columns import to_bool_array

_CURRENCY_CODE = "^[A-Z]{3}$"


def can_parse_cells(contract: Contract, role: str, words: list[str]) -> list[bool]:
    """Return for each cell of the role's column whether the contract can parse it.

    Missing values are valid unless the contract rejects them. Derived columns are not checked.
    """
    header = contract.columns[role]
    if header in contract.made or not words:
        return [True] * len(words)
    if contract.numbers.alternatives:
        each = (contract.model_copy(update={"numbers": style}) for style in contract.numbers.styles)
        return [any(one) for one in zip(*(can_parse_cells(other, role, words) for other in each), strict=True)]
    source = SourceColumns(pa.table({header: pa.array(words, pa.string())}), contract)
    text = source.mapped(role)
    if role in NUMBER_COLUMNS or role == "source_version":
        LineAmounts(source).read(role)
        is_valid = np.ones(len(words), np.bool_)
    else:
        is_valid = (to_bool_array(pc.is_null(text.words)) | _is_valid_text(contract, role, text.words))[text.index]
    result: list[bool] = (is_valid & ~source.issues.rejected_mask(len(words))).tolist()
    return result


def _is_valid_text(contract: Contract, role: str, words: pa.Array) -> npt.NDArray[np.bool_]:
    """Return whether each word is valid for the role, bool (m,)."""
    if role == "date":
        return is_readable_date(words, read_dates(words, contract.dates))
    if role == "time":
        return np.not_equal(read_times(words, contract.dates)[0], MISSING_TIME)
    if role == "status":
        statuses = {word.strip().casefold() for word in contract.status.words}
        return np.array([word is not None and word.casefold() in statuses for word in words.to_pylist()], np.bool_)
    if role == "currency":
        return to_bool_array(pc.match_substring_regex(words, _CURRENCY_CODE))
    if role in contract.allowed:
        return to_bool_array(pc.is_in(words, value_set=pa.array(contract.allowed[role], pa.string())))
    return np.ones(len(words), np.bool_)


def describe_mixed_formats(sample: FileSample, contract: Contract, columns: Sequence[str]) -> str:
    """Name the formats of these columns of sale lines with their sampled cells; empty if no cell is ambiguous."""
    return " ".join(filter(None, (_describe_column(sample, contract, column) for column in dict.fromkeys(columns))))


def _describe_column(sample: FileSample, contract: Contract, column: str) -> str:
    role = "date" if column == "sale_date" else column
    name = contract.columns.get(role, "")
    if name not in sample.sheet.columns:
        return ""
    words = sample.sheet.columns[name].words
    readings = (
        _dates_by_format(list(words), contract) if role == "date" else _numbers_by_format(list(words), contract.numbers)
    )
    formats = list(readings)
    counts, ambiguous = dict.fromkeys(formats, 0), 0
    for rows, *values in zip(words.values(), *readings.values(), strict=True):
        readable = [format_ for format_, value in zip(formats, values, strict=True) if value is not None]
        if len({value for value in values if value is not None}) > 1:
            ambiguous += rows
        elif len(readable) == 1:
            counts[readable[0]] += rows
    if not ambiguous:
        return ""
    listed = ", ".join(f"{count:,} only as {format_}" for format_, count in counts.items())
    return f"{name}: of the sampled cells, {listed}, and {ambiguous:,} can be read in several formats."


def _dates_by_format(words: list[str], contract: Contract) -> dict[str, list[object]]:
    """Format → local time of each word, None where it is not in the format."""
    styles = {text: contract.dates.model_copy(update={"formats": (text,)}) for text in contract.dates.formats}
    texts = pa.array(words, pa.string())
    walls = {text: read_dates(texts, style).wall.tolist() for text, style in styles.items()}
    return {text: [None if wall == MISSING_TIME else wall for wall in one] for text, one in walls.items()}


def _numbers_by_format(words: list[str], style: NumberStyle) -> dict[str, list[object]]:
    """Example of the format → number of each word, None where it is not in the format."""
    texts = pa.array(words, pa.string())
    return {one.example: read_numbers(texts, one).values.to_pylist() for one in style.styles}
