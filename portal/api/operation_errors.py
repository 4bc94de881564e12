"""Error responses of each API operation, derived from what it takes and who may call it."""

from collections.abc import Callable
from typing import Any

from portal.api.limits import UNLIMITED
from portal.api.operations.operation import FILTERS, Operation
from portal.api.operations.uploads import TUS

ERRORS = {
    400: "A filter value occurs in none of your sales, or the request cannot be read",
    401: "Not signed in, or the token is not valid",
    403: "Not allowed for your role or with the rights of the token",
    404: "Not found, or not accessible to you",
    409: "The part has the wrong offset, or new data changed the list since its first page",
    412: "Unsupported version of the protocol",
    413: "Too large",
    415: "Wrong content type",
    422: "The request can never succeed in this form; for the reason, see `detail`",
    429: "Too many requests; see Retry-After",
    460: "The checksum of the part does not match",
    503: "Temporarily unavailable; see Retry-After",
}
"""status → description."""


def errors_of(endpoint: str, one: Operation) -> list[int]:
    """Error statuses of an operation; a status that the operation describes itself is included."""
    errors = {503, *one.errors}
    if one.right:
        errors |= {401, 413, 422} if one.right == "store" and one.body else {401}
        errors |= {403} if one.right != "store" else set()
    if one.right and endpoint.startswith("api.") and endpoint not in UNLIMITED:
        errors.add(429)
    errors |= {status for status, raises in _RAISES.items() if any(raises(parameter) for parameter in one.parameters)}
    return sorted(errors)


_RAISES: dict[int, Callable[[dict[str, Any]], bool]] = {
    400: lambda parameter: parameter is FILTERS[-1],
    404: lambda parameter: parameter["in"] == "path",
    412: lambda parameter: parameter is TUS,
    422: lambda parameter: parameter["in"] == "query" or parameter["name"].startswith("Upload-"),
}
"""status → whether a parameter can cause it."""
