"""ETags of API reads: 304 without a query while the response cannot have changed.

A response depends on the last settlement, the exchange rates and contracts that this server has loaded, the scope of
the caller and the request.
"""

import hashlib
from collections.abc import Callable

from flask import Response, request

from portal.api import representations
from portal.context import scope, tillstream
from tillstream.analytics import changes


def answered(make: Callable[[], Response], also: object = None) -> Response:
    """304 if the caller's ETag is current, else the response of `make` with its ETag. also: what else it depends on."""
    tag = _tag(also)
    # `*` would match without checking the request.
    if not request.if_none_match.star_tag and request.if_none_match.contains_weak(tag):
        return _marked(Response(status=304), tag)
    return _marked(make(), tag)


def _tag(also: object) -> str:
    app = tillstream()
    inputs = (
        app.queries.newest() or app.queries.mark,
        changes.last_settlement(app.ports.warehouse, app.queries),
        sorted(app.contracts.names()),
        scope(),
        request.path,
        sorted(request.args.items(multi=True)),
        representations.negotiated(),
        also,
    )
    return hashlib.sha256(repr(inputs).encode()).hexdigest()[:32]


def _marked(response: Response, tag: str) -> Response:
    # Weak, as a response may be compressed or not; private, as it depends on the user.
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Accept", "Authorization", "Cookie"))
    return response
