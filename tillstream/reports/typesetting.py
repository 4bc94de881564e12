"""Typeset a template with data as PDF.

Only data reaches typst, as JSON; a warning is an error. The only module that imports typst, when it is called.
"""

import tempfile
from pathlib import Path

from tillstream.reports.glyphs import FONTS


def typeset(template: Path, data: str) -> bytes:
    """The PDF of a template, which reads `data` (JSON) as sys.inputs.data. Raises `RuntimeError` for a warning."""
    import typst  # lazy: a large library that only documents need

    with tempfile.TemporaryDirectory(prefix="tillstream-document-") as folder:
        source = Path(folder, template.name)
        source.write_bytes(template.read_bytes())
        pdf, warnings = typst.compile_with_warnings(
            str(source),
            root=folder,
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            format="pdf",
        )
    if warnings:
        raise RuntimeError(f"typst: {'; '.join(str(one.message) for one in warnings)}")
    return bytes(pdf)
