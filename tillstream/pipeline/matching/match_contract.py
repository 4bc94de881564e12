"""A second look at a file that does not look like its contract's, or that nobody knows the contract of.

Detection reads a sample of it; nothing here is on the way of a file that is as it always was.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from tillstream.detection import Fit, Looked, drift, fit, look
from tillstream.detection.sheet import sheet_of
from tillstream.detection.text.first_bytes import ARCHIVE, LOOKED_AT, is_text
from tillstream.detection.text.sample import MOST
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.pipeline.matching.readability import reads
from tillstream.pipeline.reading import open_reader
from tillstream.pipeline.reading.options import Manner

Open = Callable[[], BinaryIO]
MOST_ROWS = 5_000


@dataclass(frozen=True)
class Changed:
    """How a known source writes now. `proposed`: the contract's next version, which can read it."""

    words: tuple[str, ...]
    kinds: frozenset[str]
    proposed: Contract


def looked_at(open_original: Open) -> Looked | None:
    """A sample of the file; None where nothing can be made of it."""
    try:
        with open_original() as stream:
            head = stream.read(LOOKED_AT)
            stream.seek(0)
            inside = inside_of(head, open_original)
            return inside if isinstance(inside, Looked) else look(inside or stream)
    except (Rejected, ValueError):
        return None


def inside_of(head: bytes, open_original: Open) -> Looked | BinaryIO | None:
    """The rows of a file whose cells have types, or the text in an archive; None for a file of text alone.

    head: its first bytes. Raises `Rejected`.
    """
    if is_text(head):
        return None
    text = open_reader.text_inside(open_original, MOST)
    if text is None:
        return _first_rows(open_original)
    return _Once(text) if head.startswith(ARCHIVE) else None


class _Once(BytesIO):
    """The beginning of something longer: its end is not the end of the file."""

    def seekable(self) -> bool:
        return False


def _first_rows(open_original: Open) -> Looked:
    block = next(open_reader.blocks(open_original, Manner()))
    cells = block.cells.slice(0, MOST_ROWS)
    rows = list(zip(*(column.to_pylist() for column in cells.columns), strict=True))
    lines = block.line_number[:MOST_ROWS].tolist()
    return Looked(sheet_of(cells.column_names, rows, lines, whole=False))


def whose(looked: Looked, known: Iterable[Contract]) -> tuple[Contract | None, str]:
    """The one contract that fits without a doubt, or None and why there is not one."""
    fits = fit(looked, known, reader=reads)
    sure = [one for one in fits if one.fits and not one.doubts]
    if len(sure) == 1:
        return sure[0].contract, ""
    if sure:
        return None, f"; it can be read by {_listed(sure)} alike"
    doubtful = [one for one in fits if one.fits]
    if doubtful:
        return None, f"; {doubtful[0].contract.name} could read it, but {doubtful[0].doubts[0]}"
    return None, "; no known contract can read it"


def another(looked: Looked, own: Contract, known: Iterable[Contract]) -> tuple[list[Fit], Fit]:
    """The contracts that fit the file where its own does not, and how its own does."""
    mine = fit(looked, [own], reader=reads)[0]
    if mine.fits and not mine.doubts:
        return [], mine
    others = fit(looked, [one for one in known if one.name != own.name], reader=reads)
    return [one for one in others if one.fits and not one.doubts], mine


def changed(looked: Looked, own: Contract, header: Sequence[str]) -> Changed | None:
    """What is otherwise than the contract says, where its next version could read the file."""
    found = drift(looked, own, header=header, reader=reads)
    if found.proposed is None:
        return None
    words = tuple(one.words for one in found.differences)
    return Changed(words, frozenset(one.kind for one in found.differences), found.proposed)


def _listed(fits: list[Fit]) -> str:
    names = [one.contract.name for one in fits]
    return f"{', '.join(names[:-1])} and {names[-1]}"
