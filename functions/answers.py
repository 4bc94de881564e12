"""Answers of functions that the portal calls, as the port `Functions` reads them."""

from collections.abc import Callable
from typing import Any

from flask import Response

from tillstream.domain.errors import Rejected, TillstreamError
from tillstream.domain.text.json_values import dumps
from tillstream.logs import log_handled
from tillstream.ports.functions import OF_FUNCTION, error_to_json

CALL = "call"
"""Type of the line of a call by the portal."""


def answer(do: Callable[[], Any], /, **facts: Any) -> Response:
    """Do the work and answer with its result or its error. Logs one line with the facts; other errors are raised."""
    try:
        with log_handled(CALL) as line:
            line.update(facts)
            return _response(do(), 200)
    except TillstreamError as error:
        result = error_to_json(error)
        return _response(result, 422 if isinstance(error, Rejected) else 503, {OF_FUNCTION: result["error"]})


def _response(result: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(dumps(result), status, headers, content_type="application/json")
