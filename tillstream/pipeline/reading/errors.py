"""Why a file as a whole cannot be read."""

from tillstream.domain.errors import Rejected


class UnreadableFile(Rejected):
    """The whole file is refused; `code` is one of the rejections of the catalogue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def refused(words: str) -> UnreadableFile:
    return UnreadableFile("unreadable-file", words)
