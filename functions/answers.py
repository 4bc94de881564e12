"""Answers of functions that the portal calls, as the port `Functions` reads them."""

from collections.abc import Callable
from typing import Any

from flask import Response

from tillstream.logs import log_handled
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.model.json_text import dump_typed_json
from tillstream.ports.jobs import ERROR_HEADER, error_to_json

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
        return _response(result, 422 if isinstance(error, Rejected) else 503, {ERROR_HEADER: result["error"]})


def _response(result: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(dump_typed_json(result), status, headers, content_type="application/json")
