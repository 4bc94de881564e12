"""Match a file to a contract by a sample of it.

Only for files whose contract is unknown, or that do not fit their contract.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from tillstream.detection import FileSample, Fit, drift, fit, sample_file
from tillstream.detection.sheet import build_sheet
from tillstream.detection.text.first_bytes import ARCHIVE, HEAD_BYTES, is_text
from tillstream.detection.text.sample import MAX_SAMPLE_BYTES
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.pipeline.matching.readability import can_parse
from tillstream.pipeline.reading import open_reader
from tillstream.pipeline.reading.options import ReadOptions

Open = Callable[[], BinaryIO]
SAMPLE_ROWS = 5_000


@dataclass(frozen=True)
class SourceChanges:
    """Changes of a source. `proposed`: the contract's next version, which can read the file."""

    words: tuple[str, ...]
    kinds: frozenset[str]
    proposed: Contract


def sample_original(open_original: Open) -> FileSample | None:
    """Return a sample of the file; None if it cannot be read."""
    try:
        with open_original() as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(0)
            content = typed_rows_or_text(head, open_original)
            return content if isinstance(content, FileSample) else sample_file(content or stream)
    except (Rejected, ValueError):
        return None


def typed_rows_or_text(head: bytes, open_original: Open) -> FileSample | BinaryIO | None:
    """Return the first rows of a file with typed cells, or the text inside an archive; None for a plain text file.

    head: the file's first bytes. Raises `Rejected`.
    """
    if is_text(head):
        return None
    text = open_reader.read_text_prefix(open_original, MAX_SAMPLE_BYTES)
    if text is None:
        return _first_rows(open_original)
    return _Once(text) if head.startswith(ARCHIVE) else None


class _Once(BytesIO):
    """The beginning of a longer text. It is not seekable, so that its end is not mistaken for the end of the file."""

    def seekable(self) -> bool:
        return False


def _first_rows(open_original: Open) -> FileSample:
    block = next(open_reader.read_blocks(open_original, ReadOptions()))
    cells = block.cells.slice(0, SAMPLE_ROWS)
    rows = list(zip(*(column.to_pylist() for column in cells.columns), strict=True))
    lines = block.line_number[:SAMPLE_ROWS].tolist()
    return FileSample(build_sheet(cells.column_names, rows, lines, is_complete=False))


def only_match(sample: FileSample, contracts: Iterable[Contract]) -> tuple[Contract | None, str]:
    """Return the only contract that fits without doubts; otherwise None and the reason."""
    fits = fit(sample, contracts, reader=can_parse)
    certain = [match for match in fits if match.fits and not match.doubts]
    if len(certain) == 1:
        return certain[0].contract, ""
    if certain:
        return None, f"; it can be read with {_listed(certain)}"
    doubtful = [match for match in fits if match.fits]
    if doubtful:
        return None, f"; {doubtful[0].contract.name} could read it, but {doubtful[0].doubts[0]}"
    return None, "; no known contract can read it"


def better_matches(sample: FileSample, own: Contract, contracts: Iterable[Contract]) -> tuple[list[Fit], Fit]:
    """Return the other contracts that fit without doubts, and the fit of the file's own contract.

    If its own contract fits without doubts, the others are not tried.
    """
    own_fit = fit(sample, [own], reader=can_parse)[0]
    if own_fit.fits and not own_fit.doubts:
        return [], own_fit
    matches = fit(sample, [contract for contract in contracts if contract.name != own.name], reader=can_parse)
    return [match for match in matches if match.fits and not match.doubts], own_fit


def contract_drift(sample: FileSample, own: Contract, header: Sequence[str]) -> SourceChanges | None:
    """Return how the file differs from its contract; None if no next version of the contract could read it."""
    changes = drift(sample, own, header=header, reader=can_parse)
    if changes.proposed is None:
        return None
    words = tuple(difference.words for difference in changes.differences)
    return SourceChanges(words, frozenset(difference.kind for difference in changes.differences), changes.proposed)


def _listed(matches: list[Fit]) -> str:
    names = [match.contract.name for match in matches]
    return f"{', '.join(names[:-1])} and {names[-1]}"
