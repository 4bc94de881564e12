"""Gzip compression of pages and API responses."""

import gzip
import io
import secrets

from flask import Flask, Response, request

WORTH_IT = 2_000
"""Bytes; smaller responses are not compressed."""
PAGE = "text/html"
KINDS = {PAGE, "application/json", "text/csv"}
PADDING = 100
"""Maximum random bytes in a compressed page."""


def register(app: Flask) -> None:
    """Register before everything that changes responses: it runs after all of them."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if (
        response.mimetype not in KINDS
        or response.status_code != 200
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or len(response.get_data()) < WORTH_IT
    ):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        padding = secrets.randbelow(PADDING) + 1 if response.mimetype == PAGE else 0
        response.set_data(_packed(response.get_data(), padding))
        response.content_encoding = "gzip"
    return response


def _packed(content: bytes, padding: int) -> bytes:
    """Gzipped, with a file name of `padding` bytes in its header.

    A page contains a CSRF token beside text from its address. The random length hides whether a guess of the token
    compresses better (the BREACH attack; Django pads in the same way: https://ieeexplore.ieee.org/document/9754554).
    """
    out = io.BytesIO()
    with gzip.GzipFile(filename="x" * padding, mode="wb", compresslevel=5, fileobj=out, mtime=0) as file:
        file.write(content)
    return out.getvalue()
