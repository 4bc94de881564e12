"""Answers of functions that the portal calls, as the port `Functions` reads them."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Response

from tillstream.domain.errors import Rejected, TillstreamError
from tillstream.domain.json_values import dumps
from tillstream.ports.functions import error_to_json

log = structlog.get_logger("tillstream")


def answer(work: Callable[[], Any]) -> Response:
    """Do the work, log one line, and answer with its result or its error. Errors that are not ours are raised."""
    started = time.perf_counter()
    try:
        result, status, outcome = work(), 200, "done"
    except TillstreamError as error:
        result, status, outcome = error_to_json(error), 422 if isinstance(error, Rejected) else 503, repr(error)
    log.info("answered", outcome=outcome, ms=round((time.perf_counter() - started) * 1000, 1))
    return Response(dumps(result), status, content_type="application/json")
