"""Gzip compression of large API responses. Pages are not compressed, as they contain tokens."""

import gzip

from flask import Response, request

WORTH_IT = 2_000
"""Bytes; smaller responses are not compressed."""


def pack(response: Response) -> Response:
    if (
        response.mimetype in {"application/json", "text/csv"}
        and response.status_code == 200
        and not response.direct_passthrough
        and not response.is_streamed
        and "Content-Encoding" not in response.headers
        and request.accept_encodings["gzip"] > 0
        and len(response.get_data()) >= WORTH_IT
    ):
        response.set_data(gzip.compress(response.get_data(), compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
    return response
