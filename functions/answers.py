"""Answers of functions that the portal calls, as the port `Functions` reads them."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Response

from tillstream.domain.errors import Rejected, TillstreamError
from tillstream.domain.text.json_values import dumps
from tillstream.ports.functions import OF_FUNCTION, error_to_json

log = structlog.get_logger("tillstream")


def answer(do: Callable[[], Any], /, **facts: Any) -> Response:
    """Do the work and answer with its result or its error. Logs one line with the facts; other errors are raised."""
    started = time.perf_counter()
    try:
        result, status, outcome = do(), 200, "done"
    except TillstreamError as error:
        result, status, outcome = error_to_json(error), 422 if isinstance(error, Rejected) else 503, repr(error)
    log.info("answered", **facts, outcome=outcome, ms=round((time.perf_counter() - started) * 1000, 1))
    headers = {OF_FUNCTION: result["error"]} if status != 200 else {}
    return Response(dumps(result), status, headers, content_type="application/json")
