"""Sample rows with typed cells: the start, the middle and the end of at most `MAX_ROWS` rows."""

from collections.abc import Iterator

from tillstream.detection.sheet import Sheet, build_sheet
from tillstream.pipeline.rows.block import Block

START_ROWS, PART_ROWS, MAX_ROWS = 5_000, 1_000, 200_000


def sample_rows(blocks: Iterator[Block]) -> Sheet:
    """Return the sampled rows of the blocks as a sheet. Raises `UnreadableFile`."""
    kept: list[tuple[int, Block]] = []
    rows = refused = 0
    is_complete = True
    for block in blocks:
        if block.cells.num_rows or not kept:
            kept.append((rows, block))
        rows, refused = rows + block.cells.num_rows, refused + len(block.unreadable)
        if rows >= MAX_ROWS:
            is_complete = next(blocks, None) is None
            break
    names = kept[0][1].cells.column_names
    ranges = _ranges(rows)
    cells: list[tuple[str, ...]] = []
    lines: list[int] = []
    for begin, end in ranges:
        for start, block in kept:
            low, high = max(begin - start, 0), min(end - start, block.cells.num_rows)
            if low < high:
                part = block.cells.slice(low, high - low)
                empty = [""] * (high - low)
                columns = [part[name].to_pylist() if name in part.column_names else empty for name in names]
                cells += zip(*columns, strict=True)
                lines += block.line_number[low:high].tolist()
    contiguous_rows = ranges[0][1] if ranges else 0
    is_complete = is_complete and len(cells) == rows and not refused
    return build_sheet(names, cells, lines, is_complete=is_complete, contiguous_rows=contiguous_rows)


def _ranges(rows: int) -> list[tuple[int, int]]:
    """The first and the last row, exclusive, of each part."""
    if rows <= START_ROWS + 2 * PART_ROWS:
        return [(0, rows)] if rows else []
    middle = (rows + START_ROWS - PART_ROWS) // 2
    return [(0, START_ROWS), (middle, middle + PART_ROWS), (rows - PART_ROWS, rows)]
