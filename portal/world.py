"""World map: outlines of all countries as GeoJSON, served locally and cached for a year."""

import gzip
import json
from functools import cache
from itertools import pairwise
from typing import Any

from flask import Response, request

from portal import countries
from portal.access import Open, allow
from portal.security import A_YEAR

DIGITS = 1
"""Decimal places; a tenth of a degree is less than a pixel of a world map."""
LEFT_OUT = frozenset({"ATA"})
"""Antarctica has no sales and takes a third of the map."""


@allow(Open.EVERYBODY)
def outlines() -> Response:
    packed = request.accept_encodings["gzip"] > 0
    answer = Response(_packed() if packed else _text(), mimetype="application/geo+json")
    answer.vary.add("Accept-Encoding")
    if packed:
        answer.content_encoding = "gzip"
    answer.cache_control.public = answer.cache_control.immutable = True
    answer.cache_control.max_age = A_YEAR
    return answer


@cache
def _packed() -> bytes:
    """Gzipped, about a third of the size."""
    return gzip.compress(_text().encode(), mtime=0)


@cache
def _text() -> str:
    """GeoJSON text; countries without an outline (mostly islands) are points."""
    features = [
        {"type": "Feature", "id": code, "properties": {"name": one["name"]}, "geometry": _shape(one)}
        for code, one in sorted(countries.country_records().items())
        if code not in LEFT_OUT and one.get("latlng")
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))


def _shape(country: dict[str, Any]) -> dict[str, Any]:
    features = (country.get("geoJSON") or {}).get("features", [])
    polygons: list[Any] = []
    for feature in features:
        shape = feature["geometry"]
        polygons += shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    kept = [rings for rings in map(_rings, polygons) if rings]
    if kept:
        return {"type": "MultiPolygon", "coordinates": kept}
    latitude, longitude = country["latlng"]
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _rings(polygon: list[Any]) -> list[Any]:
    """Rings, rounded and wound as the map script expects: outer ring clockwise, holes counterclockwise."""
    rings = []
    for at, ring in enumerate(polygon):
        points: list[list[float]] = []
        for longitude, latitude in ring:
            point = [round(longitude, DIGITS), round(latitude, DIGITS)]
            if not points or points[-1] != point:
                points.append(point)
        if len(points) < 4:
            continue
        if (_area(points) > 0) == (at == 0):
            points.reverse()
        rings.append(points)
    return rings


def _area(ring: list[list[float]]) -> float:
    """Twice the signed area (shoelace formula); positive if the ring runs counterclockwise."""
    return sum(one[0] * two[1] - two[0] * one[1] for one, two in pairwise(ring))
