"""Match a file to a contract by a sample of it.

Only for files whose contract is unknown, or that do not fit their contract.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tillstream.detection import FileSample, Fit, drift, fit, sample_file, sample_unpacked
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.fits import decodes_equally
from tillstream.detection.text.first_bytes import ARCHIVE, is_text
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.errors import Rejected
from tillstream.pipeline.matching.readability import can_parse
from tillstream.pipeline.matching.typed_sample import sample_rows
from tillstream.pipeline.matching.workbook_sample import sample_workbook
from tillstream.pipeline.reading import open_reader
from tillstream.pipeline.reading.options import ReadOptions
from tillstream.pipeline.reading.signatures import HEAD_BYTES, check_first_bytes
from tillstream.pipeline.reading.streams.gzip import read_exactly

Open = Callable[[], BinaryIO]


@dataclass(frozen=True)
class SourceChanges:
    """Changes of a source. `proposed`: the contract's next version, which can read the file."""

    words: tuple[str, ...]
    kinds: frozenset[str]
    proposed: Contract


def sample_original(open_original: Open, sheet: str | None = None) -> FileSample | None:
    """Return a sample of the file; None if it cannot be read. sheet: as in `read_sample`."""
    try:
        return read_sample(open_original, sheet=sheet)
    except Rejected:
        return None


def read_sample(open_original: Open, log: DetectionLog | None = None, sheet: str | None = None) -> FileSample:
    """Return a sample of the file.

    log: collects decisions on how it is read, and supplies answers to them. sheet: the sheet of a workbook that its
    contract reads, empty for the first one; None to find the sheet with the sales.
    Raises `Rejected` with the reason if the file cannot be read.
    """
    log = log or DetectionLog()
    try:
        with open_original() as stream:
            head = read_exactly(stream, HEAD_BYTES)
            stream.seek(0)
            return sample_by_reader(head, open_original, log, sheet) or sample_file(stream, log)
    except ValueError as error:
        raise Rejected(f"The content of the file cannot be read ({error}).") from error


def shows_another_encoding(sample: FileSample, encoding: str) -> bool:
    """Return True if the sampled letters are certainly not in this encoding."""
    return sample.is_encoding_sure and not decodes_equally(sample, encoding)


def sample_by_reader(
    head: bytes, open_original: Open, log: DetectionLog, sheet: str | None = None
) -> FileSample | None:
    """Return a sample of a file that only its reader can open, such as a workbook or an archive; None for other text.

    head: the file's first bytes. log, sheet: as in `read_sample`. Raises `Rejected`.
    """
    check_first_bytes(head)
    if is_text(head):
        return None
    with open_reader.open_text(open_original) as text:
        if text is not None:
            return sample_unpacked(text, log) if head.startswith(ARCHIVE) else None
    if names := open_reader.sheet_names(open_original):
        return sample_workbook(open_original, names, log, sheet)
    return FileSample(
        sample_rows(open_reader.read_blocks(open_original, ReadOptions(FileStyle(repeated_names="number"))))
    )


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
