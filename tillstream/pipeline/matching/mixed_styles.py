"""Count the cells of a sampled file in each of several date or number formats of its contract."""

from collections.abc import Sequence

import pyarrow as pa

from tillstream.detection import FileSample
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.number_style import NumberStyle
from tillstream.pipeline.normalising.dates.formats import MISSING
from tillstream.pipeline.normalising.dates.parse import read_dates
from tillstream.pipeline.normalising.numbers.parse import read_numbers


def describe_mixed(sample: FileSample, contract: Contract, columns: Sequence[str]) -> str:
    """Name the formats of these columns of sale lines with their sampled cells; empty if no cell is ambiguous."""
    return " ".join(filter(None, (_describe(sample, contract, column) for column in dict.fromkeys(columns))))


def _describe(sample: FileSample, contract: Contract, column: str) -> str:
    role = "date" if column == "sale_date" else column
    name = contract.columns.get(role, "")
    if name not in sample.sheet.columns:
        return ""
    words = sample.sheet.columns[name].words
    readings = _dates(list(words), contract) if role == "date" else _numbers(list(words), contract.numbers)
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


def _dates(words: list[str], contract: Contract) -> dict[str, list[object]]:
    """Format → local time of each word, None where it is not in the format."""
    styles = {text: contract.dates.model_copy(update={"formats": (text,)}) for text in contract.dates.formats}
    texts = pa.array(words, pa.string())
    walls = {text: read_dates(texts, style).wall.tolist() for text, style in styles.items()}
    return {text: [None if wall == MISSING else wall for wall in one] for text, one in walls.items()}


def _numbers(words: list[str], style: NumberStyle) -> dict[str, list[object]]:
    """Example of the format → number of each word, None where it is not in the format."""
    texts = pa.array(words, pa.string())
    return {one.example: read_numbers(texts, one).values.to_pylist() for one in style.styles}
