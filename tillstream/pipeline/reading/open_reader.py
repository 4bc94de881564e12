"""One door to files of every format. Their first bytes say which reader they need."""

import csv
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol
from zipfile import ZipFile

from tillstream.domain.contract.model import Contract
from tillstream.domain.limits import LIMITS, Limits
from tillstream.pipeline.reading.delimited import reader as text
from tillstream.pipeline.reading.options import Manner
from tillstream.pipeline.reading.sniffing import is_json
from tillstream.pipeline.reading.streams.decode import Rejoined
from tillstream.pipeline.reading.streams.gzip import GZIP_MAGIC, Bytes, Gunzip, filled
from tillstream.pipeline.reading.streams.zip_archive import Member, is_zip, one_file, opened, workbook
from tillstream.pipeline.rows.block import Block

__all__ = ["Manner", "blocks", "by_contract", "shape"]

Open = Callable[[], BinaryIO]
_HEAD = 1 << 10
PARQUET_MAGIC = b"PAR1"


class Reader(Protocol):
    """What reads one format; none of it may be asked after the file is closed, and each only once."""

    def blocks(self) -> Iterator[Block]: ...

    def header(self) -> list[str]: ...

    def cells(self, raw: str, names: list[str]) -> list[str]:
        """The cells of a row that was given as `raw`, as many as there are names unless it is ragged."""


@dataclass(frozen=True)
class Shape:
    names: list[str]
    cells: Callable[[str], list[str]]
    """Those of a row as its reader gave it raw."""


def by_contract(contract: Contract, limits: Limits = LIMITS) -> Manner:
    return Manner(contract.file, contract.headers, contract.numbers.decimal, limits)


def blocks(open_original: Open, how: Manner) -> Generator[Block, None, None]:
    """The file's rows in order; at least one block, so that the columns are known. The stream must be able to seek.

    Cells are texts as a contract reads them: numbers of typed cells with the decimal sign, dates as ISO 8601.
    Raises `UnreadableFile`, also after blocks were given: those must not be accepted then.
    """
    with _reader(open_original, how) as reader:
        yield from reader.blocks()


def shape(open_original: Open, how: Manner) -> Shape:
    """The names of the columns, and how a row is taken apart again. Raises `UnreadableFile`."""
    with _reader(open_original, how) as reader:
        names = reader.header()
    return Shape(names, lambda raw: reader.cells(raw, names))


def text_inside(open_original: Open, most: int) -> bytes | None:
    """The first bytes of a file of text, out of its archive; None for a format whose cells have types."""
    with _reader(open_original, Manner()) as reader:
        return filled(reader.content, most) if isinstance(reader, _TextReader) else None


@contextmanager
def _reader(open_original: Open, how: Manner) -> Iterator[Reader]:
    with open_original() as stream:
        head = filled(stream, _HEAD)
        stream.seek(0)
        if is_zip(head):
            with opened(stream) as archive:
                kind = workbook(archive)
                if kind:
                    yield _of_workbook(kind, archive, stream, how)
                else:
                    yield _of_content(Member(archive, one_file(archive), how.limits), open_original, how)
        elif head.startswith(GZIP_MAGIC):
            yield _of_content(Gunzip(stream, how.limits), open_original, how)
        elif head.startswith(PARQUET_MAGIC):
            from tillstream.pipeline.reading.parquet.reader import ParquetReader

            yield ParquetReader(stream, how)
        else:
            yield _of_content(stream, open_original, how)


def _of_workbook(kind: str, archive: ZipFile, stream: BinaryIO, how: Manner) -> Reader:
    from tillstream.pipeline.reading.workbooks.reader import SheetReader

    if kind == "ods":
        from tillstream.pipeline.reading.workbooks.ods import OdsRows

        return SheetReader(OdsRows(archive, how.style.sheet, how.limits), how)
    from tillstream.pipeline.reading.workbooks.xlsx import XlsxRows

    return SheetReader(XlsxRows(archive, stream, how.style.sheet, how.limits), how)


def _of_content(content: Bytes, open_original: Open, how: Manner) -> Reader:
    head = filled(content, _HEAD)
    whole = Rejoined(head, content)
    if not is_json(head):
        return _TextReader(whole, how)
    from tillstream.pipeline.reading.jsonlines.reader import JsonLinesReader

    return JsonLinesReader(whole, head, how, lambda: shape(open_original, how).names)


@dataclass(frozen=True)
class _TextReader:
    content: Bytes
    how: Manner

    def blocks(self) -> Iterator[Block]:
        return text.read(self.content, self.how.style, self.how.needed, block_bytes=self.how.block_bytes)

    def header(self) -> list[str]:
        return text.header(self.content, self.how.style, self.how.needed)

    def cells(self, raw: str, names: list[str]) -> list[str]:  # noqa: ARG002 - the text has them in order
        style, lines = self.how.style, io.StringIO(raw, newline="")
        quoting: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
        return next(csv.reader(lines, delimiter=style.delimiter, **quoting), [])
