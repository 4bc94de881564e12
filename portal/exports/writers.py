"""Exports as responses with a file; workbooks and PDF are complete before the first byte."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

import pyarrow as pa
from flask import Response
from werkzeug.utils import secure_filename

from portal.context import ports, tillstream
from tillstream.delivery.export_formats import export_format
from tillstream.delivery.export_table import export_table

MAX_NAME_LENGTH = 120


def respond(
    suffix: str,
    what: str,
    filters: Mapping[str, Iterable[str]],
    batches: Iterable[pa.RecordBatch],
    totals: Sequence[str] = (),
    limits: Mapping[str, str] = MappingProxyType({}),
    converted: Collection[str] | None = None,
) -> Response:
    """Response with a file named after its table and filters; `batches` must not be empty. limits: what else limits
    the rows, for the head of a document: label → text. converted: the columns of amounts in the currency that is shown;
    None: those of the query `what`.

    Raises `Rejected` for an unknown format and for a table that the format has no place for, and what reading the first
    batch raises.
    """
    chosen = export_format(suffix)
    words = {name: list(values) for name, values in filters.items()} | {name: [one] for name, one in limits.items()}
    currency = next(iter(words.get("in", [])), "") or tillstream().settings.reporting_currency
    chunks = iter(chosen.chunks(export_table(what, batches, totals, words, ports().clock.now(), currency, converted)))
    first = next(chunks)  # before the status is sent: a table may be too long
    response = Response(chain([first], chunks), mimetype=chosen.media_type.partition(";")[0])
    response.headers["Content-Type"] = chosen.media_type
    response.headers.set("Content-Disposition", "attachment", filename=f"{name_of(what, filters)}.{suffix}")
    return response


def name_of(what: str, filters: Mapping[str, Iterable[str]]) -> str:
    """A file name such as sales-by-country_from-2026-06-01_region-IN."""
    parts = [what, *(f"{name}-{'-'.join(values)}" for name, values in filters.items())]
    return secure_filename("_".join(parts))[:MAX_NAME_LENGTH].rstrip("-_.")
