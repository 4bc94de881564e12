"""Open a file of any supported format; the reader is selected by the first bytes."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol
from zipfile import ZipFile

from tillstream.model.contract import Contract
from tillstream.model.contract_patterns import FILE_DATE
from tillstream.model.limits import LIMITS, Limits
from tillstream.pipeline.reading.archives import (
    ArchiveMember,
    ByteSource,
    Gunzip,
    is_zip,
    only_file,
    open_archive,
    read_exactly,
    workbook_format,
)
from tillstream.pipeline.reading.completion import complete_cells, complete_rows
from tillstream.pipeline.reading.delimited import delimited_reader as text
from tillstream.pipeline.reading.file_signatures import (
    COMPOUND_MAGIC,
    GZIP_MAGIC,
    HEAD_BYTES,
    PARQUET_MAGIC,
    check_content,
    check_first_bytes,
    is_json_lines,
)
from tillstream.pipeline.reading.read_options import ReadOptions, RowBudget, describe_problem
from tillstream.pipeline.reading.typed_cells import split_line
from tillstream.pipeline.reading.utf8_stream import PeekedStream
from tillstream.pipeline.rows.row_batch import Block

if TYPE_CHECKING:
    from tillstream.pipeline.reading.workbooks.sheet_reader import SheetReader

__all__ = ["ReadOptions", "read_blocks", "read_header", "read_options"]

OpenOriginal = Callable[[], BinaryIO]


class FileReader(Protocol):
    """Reader of one format. Call each method at most once, before the file is closed."""

    def blocks(self) -> Iterator[Block]: ...

    def header(self) -> list[str]: ...

    def cells(self, raw: str, names: list[str]) -> list[str]:
        """Split a row's `raw` text into cells, one per name unless the row is ragged."""


@dataclass(frozen=True)
class HeaderInfo:
    names: list[str]
    cells: Callable[[str], list[str]]
    """Splits a row's raw text into cells."""


def read_options(contract: Contract, limits: Limits = LIMITS, file: str = "") -> ReadOptions:
    """Options for reading a file by a contract. file: the name of the file."""
    headers, decimal, share = contract.source_headers, contract.numbers.decimal, contract.refused_threshold
    return ReadOptions(contract.file, headers, decimal, limits, file, refused_threshold=share)


def read_blocks(open_original: OpenOriginal, options: ReadOptions) -> Generator[Block, None, None]:
    """Yield the file's rows in order, in at least one block, so that the columns are always known.

    open_original: opens a seekable stream.

    Typed cells are formatted as text: numbers with the contract's decimal separator, dates as ISO 8601.
    Raises `UnreadableFile`, possibly after some blocks; discard those blocks in that case.
    """
    with _reader(open_original, options) as reader:
        yield from complete_rows(_within_budget(reader.blocks(), options), options)


def _within_budget(blocks: Iterator[Block], options: ReadOptions) -> Iterator[Block]:
    """Yield the blocks. Raises `UnreadableFile` if too many of their rows are irregular."""
    budget = RowBudget(options.limits, options.refused_threshold)
    for block in blocks:
        example = "".join(
            describe_problem(row.line_number, row.code, None, row.value, row.detail) for row in block.unreadable[:1]
        )
        budget.spend(block.rows, max(block.irregular, len(block.unreadable)), example)
        yield block


def read_header(open_original: OpenOriginal, options: ReadOptions) -> HeaderInfo:
    """Column names and a function that splits a raw row into cells. Raises `UnreadableFile`."""
    with _reader(open_original, options) as reader:
        source_names = reader.header()
    names = [*source_names, *([FILE_DATE] if options.style.date_in_name else [])]
    return HeaderInfo(names, lambda raw: complete_cells(reader.cells(raw, source_names), names, options))


@contextmanager
def open_text(open_original: OpenOriginal) -> Iterator[ByteSource | None]:
    """The content of a text file, unpacked if needed; None for formats with typed cells."""
    with _reader(open_original, ReadOptions()) as reader:
        yield reader.content if isinstance(reader, _TextReader) else None


def sheet_names(open_original: OpenOriginal) -> list[str]:
    """Names of the sheets of a workbook, visible ones first; empty for other formats."""
    with open_original() as stream:
        head = read_exactly(stream, HEAD_BYTES)
    if not (is_zip(head) or head.startswith(COMPOUND_MAGIC)):
        return []
    from tillstream.pipeline.reading.workbooks.sheet_reader import SheetReader

    with _reader(open_original, ReadOptions()) as reader:
        return reader.sheets if isinstance(reader, SheetReader) else []


@contextmanager
def open_workbook(open_original: OpenOriginal, options: ReadOptions) -> Iterator["SheetReader"]:
    """The reader of one sheet of a workbook. Raises `UnreadableFile`."""
    from tillstream.pipeline.reading.workbooks.sheet_reader import SheetReader

    with _reader(open_original, options) as reader:
        if not isinstance(reader, SheetReader):
            raise TypeError("the file is not a workbook")
        yield reader


@contextmanager
def _reader(open_original: OpenOriginal, options: ReadOptions) -> Iterator[FileReader]:
    with open_original() as stream:
        head = read_exactly(stream, HEAD_BYTES)
        stream.seek(0)
        check_first_bytes(head, options.style.encoding)
        if is_zip(head):
            with open_archive(stream) as archive:
                workbook_type = workbook_format(archive)
                if workbook_type:
                    yield _workbook_reader(workbook_type, archive, stream, options)
                else:
                    yield _content_reader(
                        ArchiveMember(archive, only_file(archive), options.limits), open_original, options
                    )
        elif head.startswith(GZIP_MAGIC):
            yield _content_reader(Gunzip(stream, options.limits), open_original, options)
        elif head.startswith(PARQUET_MAGIC):
            from tillstream.pipeline.reading.parquet_reader import ParquetReader

            yield ParquetReader(stream, options)
        elif head.startswith(COMPOUND_MAGIC):
            from tillstream.pipeline.reading.workbooks.sheet_reader import SheetReader
            from tillstream.pipeline.reading.workbooks.xls import XlsRows

            yield SheetReader(XlsRows(stream, options.style.sheet, options.limits), options)
        else:
            yield _content_reader(stream, open_original, options)


def _workbook_reader(workbook_type: str, archive: ZipFile, stream: BinaryIO, options: ReadOptions) -> FileReader:
    from tillstream.pipeline.reading.workbooks.sheet_reader import SheetReader

    if workbook_type == "ods":
        from tillstream.pipeline.reading.workbooks.ods import OdsRows

        return SheetReader(OdsRows(archive, options.style.sheet, options.limits), options)
    if workbook_type == "xlsb":
        from tillstream.pipeline.reading.workbooks.xlsb import XlsbRows

        return SheetReader(XlsbRows(archive, options.style.sheet, options.limits), options)
    from tillstream.pipeline.reading.workbooks.xlsx import XlsxRows

    return SheetReader(XlsxRows(archive, stream, options.style.sheet, options.limits), options)


def _content_reader(content: ByteSource, open_original: OpenOriginal, options: ReadOptions) -> FileReader:
    head = read_exactly(content, HEAD_BYTES)
    check_content(head, options.style.encoding)
    peeked = PeekedStream(head, content)
    if not is_json_lines(head):
        return _TextReader(peeked, options)
    from tillstream.pipeline.reading.json_lines import JsonLinesReader

    def names_again(wanted: set[str]) -> list[str]:
        with _reader(open_original, options) as reader:
            return reader.names_near(wanted) if isinstance(reader, JsonLinesReader) else []

    return JsonLinesReader(peeked, head, options, names_again)


@dataclass(frozen=True)
class _TextReader:
    content: ByteSource
    options: ReadOptions

    def blocks(self) -> Iterator[Block]:
        return text.read_delimited(
            self.content, self.options.style, self.options.required_headers, block_bytes=self.options.block_bytes
        )

    def header(self) -> list[str]:
        return text.read_delimited_header(self.content, self.options.style, self.options.required_headers)

    def cells(self, raw: str, names: list[str]) -> list[str]:  # noqa: ARG002 - cells are in header order
        return split_line(raw, self.options.style.delimiter, self.options.style.quote)
