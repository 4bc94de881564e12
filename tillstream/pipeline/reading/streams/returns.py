"""The pipeline room: files of old Macs, whose lines end with a carriage return alone."""


class Returns:
    """Carriage returns become line feeds, also inside quoted cells; one before a line feed is part of that line end."""

    def __init__(self) -> None:
        self._held = b""

    def line_feeds(self, data: bytes, *, final: bool) -> bytes:
        """A return at the end of the data waits for what follows it; so nothing may come out before the end."""
        data, self._held = self._held + data, b""
        if data.endswith(b"\r") and not final:
            data, self._held = data[:-1], b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
