"""Request headers of the tus protocol, and their errors."""

import base64
import binascii

from flask import request

from portal.api import texts
from tillstream.model.errors import Rejected

VERSION = "1.0.0"
ALGORITHMS = ("sha256", "sha1", "md5")
PIECE = "application/offset+octet-stream"


class NotOurVersion(Rejected):
    """The client uses another version of the protocol."""


class NotAPiece(Rejected):
    """The content type of the body is not that of a file piece."""


class TooLarge(Rejected):
    """The announced size of the file exceeds the limit."""


def check_version() -> None:
    version = request.headers.get("Tus-Resumable", VERSION)
    if version != VERSION:
        raise NotOurVersion(texts.other_version(VERSION, version))


def number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Rejected(texts.no_bytes(header))
    return int(text)


def metadata() -> dict[str, str]:
    """Decode `Upload-Metadata`, such as `filename bmFtZQ==,contract SU4=`. Raises `Rejected`."""
    values: dict[str, str] = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key:
            try:
                values[key] = base64.b64decode(value.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise Rejected(texts.metadata_not_base64(key)) from error
    return values


def checksum() -> tuple[str, bytes] | None:
    value = request.headers.get("Upload-Checksum")
    if not value:
        return None
    algorithm, _, digest = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Rejected(texts.no_checksum(ALGORITHMS))
    try:
        return algorithm, base64.b64decode(digest, validate=True)
    except binascii.Error as error:
        raise Rejected(texts.CHECKSUM_NOT_BASE64) from error
