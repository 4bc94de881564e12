"""The files in a message of e-mail, and their names as programs of many kinds write them."""

import re
from collections.abc import Iterator
from contextlib import suppress
from email.header import decode_header, make_header
from email.message import Message
from mimetypes import guess_extension
from typing import Any, NamedTuple


class Attachment(NamedTuple):
    """name: of the file, without folders; from its type if the message has none."""

    name: str
    body: bytes


def attachments(message: "Message[Any, Any]") -> Iterator[Attachment]:
    """The parts with a file name or marked as attachments, also those of a message within the message.

    Images are left out: logos of signatures, which have names too.
    """
    for part in message.walk():
        name = _name(part)
        is_file = bool(name) or part.get_content_disposition() == "attachment"
        if is_file and not part.is_multipart() and part.get_content_maintype() != "image":
            body = part.get_payload(decode=True)
            unnamed = f"attachment{guess_extension(part.get_content_type()) or ''}"
            yield Attachment(name or unnamed, body if isinstance(body, bytes) else b"")


def _name(part: "Message[Any, Any]") -> str:
    """The name without folders of the sender, also if it is encoded as a header is, or as UTF-8 without a declaration.

    For the latter, the bytes are decoded before the headers are parsed, which would replace them.
    """
    headers: Message[Any, Any] = Message()
    for header, value in part.raw_items():
        if header.casefold() in ("content-disposition", "content-type"):
            headers[header] = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    name = headers.get_filename() or ""
    with suppress(LookupError, UnicodeError, ValueError):  # an encoding that does not exist, or another one than stated
        name = str(make_header(decode_header(name)))
    return re.sub(r"\s+", " ", name).replace("\\", "/").rsplit("/", 1)[-1].strip()
