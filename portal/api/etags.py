"""The API area's short answers: a read that was answered before and cannot have changed since is 304 and asks nothing.

What a read says follows from the last settlement, the rates and contracts that this server knows, who asks and what.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from portal.context import scope, tillstream
from tillstream.analytics import changes


def answered(make: Callable[[], Response]) -> Response:
    """304 where the caller has the answer already, else what `make` makes, with its tag."""
    tag = _tag()
    # `*` would be answered without a look at what was asked.
    if not request.if_none_match.star_tag and request.if_none_match.contains_weak(tag):
        return _marked(Response(status=304), tag)
    return _marked(make(), tag)


def _tag() -> str:
    app = tillstream()
    known = (
        app.queries.newest() or app.queries.epoch,
        changes.last_settlement(app.ports.warehouse, app.queries),
        sorted(app.book.names()),
        scope(),
        request.path,
        sorted(request.args.items(multi=True)),
    )
    return hashlib.sha256(repr(known).encode()).hexdigest()[:32]


def _marked(response: Response, tag: str) -> Response:
    # Weak, as the same answer may be sent packed or not; private, as it is one person's.
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Authorization", "Cookie"))
    return response


def as_json(value: Any) -> Response:
    response: Response = jsonify(value)
    return response
