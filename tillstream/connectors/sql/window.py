"""The window: digests of the rows that were read last, so that rows committed late or changed there are noticed."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tillstream.connectors.rows import MODULUS
from tillstream.connectors.sql.values import Value, ValueType

MAX_SPANS = 500


@dataclass
class Window:
    """Spans of values of the cursor column, in order.

    after: the rows with a larger value are in the window; None: all. spans: the last value of each span and the digest
    of its rows; a span contains the rows after the last value of the one before.
    """

    values: ValueType | None = None
    after: Value = None
    spans: dict[Value, int] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Window":
        if not data:
            return cls()
        values = ValueType(data["type"])
        after = None if data["after"] is None else values.decode(data["after"])
        return cls(values, after, {values.decode(last): int(digest, 16) for last, digest in data["spans"]})

    def to_json(self) -> dict[str, Any]:
        if self.values is None:
            return {}
        encode = self.values.encode
        spans = [[encode(last), f"{digest:x}"] for last, digest in self.spans.items()]
        return {"type": self.values.name, "after": None if self.after is None else encode(self.after), "spans": spans}

    def span_of(self, lasts: list[Value], value: Value) -> Value:
        """The last value of the span that contains a value. lasts: those of the window before it is read again."""
        index = bisect_left(lasts, value)
        return lasts[index] if index < len(lasts) else value

    def set(self, last: Value, digest: int, look_back: int) -> None:
        """Replace a span or append one, and forget spans that are further back than `look_back`."""
        self.spans[last] = digest
        newest = next(reversed(self.spans))
        for old in list(self.spans):
            if old == newest or not self.values or self.values.is_within(old, newest, look_back):
                break
            self.after = old
            del self.spans[old]
        if len(self.spans) > MAX_SPANS:
            self._merge()

    def _merge(self) -> None:
        """Merge each two spans but the newest, whose rows are compared most often."""
        *older, newest = self.spans.items()
        merged: dict[Value, int] = {}
        for index in range(0, len(older), 2):
            pair = older[index : index + 2]
            merged[pair[-1][0]] = sum(digest for _, digest in pair) % MODULUS
        self.spans = merged | dict([newest])
