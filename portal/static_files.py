"""Static files, cached by browsers under an address with their version."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, url_for
from werkzeug.security import safe_join

A_YEAR = 365 * 86_400


@dataclass
class StaticFile:
    """`version`: changes with the content, so that every instance gives a file the same address."""

    content: bytes
    mimetype: str

    @cached_property
    def version(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]

    @cached_property
    def packed(self) -> bytes:
        """Gzipped as far as it goes."""
        return gzip.compress(self.content, compresslevel=9, mtime=0)


def asset(filename: str) -> str:
    """Address of a static file with its version. Raises `NotFound`."""
    return url_for("static", filename=filename, v=version(_path(filename)))


def send(filename: str) -> Response:
    """A static file of the portal, as `respond`. Raises `NotFound`."""
    return respond(_path(filename))


def version(path: Path) -> str:
    return _read(path, path.stat().st_mtime_ns).version


def respond(path: Path) -> Response:
    """An existing file. Cached for a year only under its own version: during a rollout, a page of a newer instance may
    request the file from an older one."""
    file = _read(path, path.stat().st_mtime_ns)
    response = Response(file.content, mimetype=file.mimetype)
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0 and len(file.packed) < len(file.content):
        response.set_data(file.packed)
        response.content_encoding = "gzip"
    if request.args.get("v") == file.version:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    response.set_etag(file.version, weak=True)
    response.make_conditional(request)
    return response


def _path(filename: str) -> Path:
    path = safe_join(str(current_app.static_folder), filename)
    if path is None or not Path(path).is_file():
        abort(404)
    return Path(path)


@cache
def _read(path: Path, _modified: int) -> StaticFile:
    return StaticFile(path.read_bytes(), mimetypes.guess_type(path.name)[0] or "text/plain")


def register(app: Flask) -> None:
    app.view_functions["static"] = send
    app.add_template_global(asset)
