"""Typeset a template with data as PDF, in the characters that its font has: others would become boxes.

Only data reaches typst, as JSON; a warning is an error. The only module that imports typst, when it is called.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

FONTS = Path(__file__).parent / "fonts"
GLYPH_RANGES = FONTS / "characters.txt"
"""First and last code point of each range that both weights of the font have, as hexadecimal numbers."""
MISSING_GLYPH = "?"

_ONE_AT_A_TIME = Lock()
"""A long document needs some hundred megabytes, so documents of several people are typeset one after another."""


def replace_missing(text: str) -> str:
    """The text with a question mark for each character that the font lacks."""
    return "".join(one if ord(one) in _code_points() else MISSING_GLYPH for one in text)


@cache
def _code_points() -> frozenset[int]:
    points: set[int] = set()
    for line in GLYPH_RANGES.read_text().splitlines():
        first, last = (int(one, 16) for one in line.split("-"))
        points.update(range(first, last + 1))
    return frozenset(points)


def typeset(template: Path, data: str) -> bytes:
    """The PDF of a template, which reads `data` (JSON) as sys.inputs.data. Raises `RuntimeError` for a warning."""
    import typst  # lazy: a large library that only documents need

    with _ONE_AT_A_TIME, _alone(template) as source:
        pdf, warnings = typst.compile_with_warnings(
            str(source),
            root=str(source.parent),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            format="pdf",
        )
    if warnings:
        raise RuntimeError(f"typst: {'; '.join(str(one.message) for one in warnings)}")
    return bytes(pdf)


def measure_template(template: Path, data: str) -> Any:
    """The metadata that a template has under the label `measured`, such as widths of texts in points."""
    import typst  # lazy: as above

    with _alone(template) as source:
        widths = typst.query(
            str(source),
            "<measured>",
            field="value",
            one=True,
            root=str(source.parent),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": data},
        )
    return json.loads(widths)


@contextmanager
def _alone(template: Path) -> Iterator[Path]:
    """A copy of the template in a folder of its own, so that it can read no other file."""
    with tempfile.TemporaryDirectory(prefix="tillstream-document-") as folder:
        source = Path(folder, template.name)
        source.write_bytes(template.read_bytes())
        yield source
