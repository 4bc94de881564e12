"""Paths of the API: version 1 is canonical, and the paths without a version are its permanent aliases."""

from typing import Any

from flask import request, url_for

ROOT, ALIAS = "/api/v1/", "/api/"


def link(endpoint: str, **values: Any) -> str:
    """Address of an endpoint of the API under the root that the request used."""
    address = url_for(endpoint, **values)
    return address if request.path.startswith(ROOT) else ALIAS + address.removeprefix(ROOT)
