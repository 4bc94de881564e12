"""Errors raised for unreadable files."""

from tillstream.domain.errors import Rejected


class UnreadableFile(Rejected):
    """The whole file is rejected; `code` is a rejection code of the catalogue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def unreadable(message: str) -> UnreadableFile:
    return UnreadableFile("unreadable-file", message)
