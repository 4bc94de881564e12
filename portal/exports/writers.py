"""Exports as responses with a file; workbooks are complete before the first byte."""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
from flask import Response
from werkzeug.utils import secure_filename

from tillstream.exports.formats import format_of
from tillstream.exports.table import table_of

MAX_NAME_LENGTH = 120


def respond(
    suffix: str,
    what: str,
    filters: Mapping[str, Iterable[str]],
    batches: Iterable[pa.RecordBatch],
    totals: Sequence[str] = (),
) -> Response:
    """Response with a file named after its table and filters; `batches` must not be empty.

    Raises `Rejected` for an unknown format, and what reading the first batch raises.
    """
    chosen = format_of(suffix)
    response = Response(chosen.chunks(table_of(what, batches, totals)), mimetype=chosen.media_type.partition(";")[0])
    response.headers["Content-Type"] = chosen.media_type
    response.headers.set("Content-Disposition", "attachment", filename=f"{name_of(what, filters)}.{suffix}")
    return response


def name_of(what: str, filters: Mapping[str, Iterable[str]]) -> str:
    """A file name such as sales-by-country_from-2026-06-01_region-IN."""
    parts = [what, *(f"{name}-{'-'.join(values)}" for name, values in filters.items())]
    return secure_filename("_".join(parts))[:MAX_NAME_LENGTH].rstrip("-_.")
