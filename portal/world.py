"""World map: outlines of all countries as GeoJSON, served locally and cached for a year."""

import gzip
from functools import cache
from pathlib import Path

from flask import Response, request

from portal.access import Open, allow
from portal.security import A_YEAR

_DATA = Path(__file__).parent / "data" / "world.json"


@allow(Open.EVERYBODY)
def outlines() -> Response:
    """Countries without an outline (mostly islands) are points."""
    packed = request.accept_encodings["gzip"] > 0
    answer = Response(_packed() if packed else _content(), mimetype="application/geo+json")
    answer.vary.add("Accept-Encoding")
    if packed:
        answer.content_encoding = "gzip"
    answer.cache_control.public = answer.cache_control.immutable = True
    answer.cache_control.max_age = A_YEAR
    return answer


@cache
def _packed() -> bytes:
    """Gzipped, about a third of the size."""
    return gzip.compress(_content(), mtime=0)


@cache
def _content() -> bytes:
    return _DATA.read_bytes()
