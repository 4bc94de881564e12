"""The API area's words of the tus protocol: the headers of requests, and what is refused because of them."""

import base64
import binascii

from flask import request

from tillstream.domain.errors import Rejected

VERSION = "1.0.0"
ALGORITHMS = ("sha256", "sha1", "md5")
PIECE = "application/offset+octet-stream"


class NotOurVersion(Rejected):
    """The client speaks another version of the protocol."""


class NotAPiece(Rejected):
    """The body is not sent as the bytes of a file."""


class TooLarge(Rejected):
    """The file is announced larger than any that is taken."""


def check_version() -> None:
    said = request.headers.get("Tus-Resumable", VERSION)
    if said != VERSION:
        raise NotOurVersion(f"This server speaks tus {VERSION}, not {said}.")


def number(header: str) -> int:
    said = request.headers.get(header, "")
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise Rejected(f"The header {header} must be a number of bytes.")
    return int(said)


def metadata() -> dict[str, str]:
    """`filename bmFtZQ==,contract SU4=`"""
    found: dict[str, str] = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key:
            try:
                found[key] = base64.b64decode(value.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise Rejected(f"The value of {key} in Upload-Metadata is not text in base64.") from error
    return found


def checksum() -> tuple[str, bytes] | None:
    said = request.headers.get("Upload-Checksum")
    if not said:
        return None
    algorithm, _, digest = said.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Rejected(f"A checksum is one of {', '.join(ALGORITHMS)}.")
    try:
        return algorithm, base64.b64decode(digest, validate=True)
    except binascii.Error as error:
        raise Rejected("The checksum is not in base64.") from error
