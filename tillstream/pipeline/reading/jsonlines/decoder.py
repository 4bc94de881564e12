"""Decode JSON lines with msgspec, and format values as text with the digits of the source."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import pyarrow as pa

Reason = tuple[str, str, str]
"""Code, value and detail of a `UnreadableRow`."""
_CODE = "unreadable-json"
Object = dict[str, Any]


@dataclass
class DecodedLines:
    """Decoded lines: the objects, the line index of each, and errors by line index."""

    lines: list[bytes]
    objects: list[Object]
    indices: list[int]
    errors: dict[int, Reason]
    blank: int

    def __post_init__(self) -> None:
        shapes = dict.fromkeys(map(tuple, self.objects))
        self.names = list(dict.fromkeys(chain.from_iterable(shapes)))
        self._columns: dict[str, Sequence[Any]] = {}
        if len(shapes) == 1:
            self._columns = dict(zip(self.names, zip(*map(dict.values, self.objects), strict=True), strict=True))

    def texts(self, name: str) -> pa.DictionaryArray:
        """(n,) texts of one column; empty if the key is missing or null."""
        values = self._columns.get(name) or [row.get(name) for row in self.objects]
        types = set(map(type, values)) - {type(None)}
        if types == {int}:
            try:
                numbers = pa.array(values, pa.int64()).dictionary_encode()
            except OverflowError:
                pass
            else:
                texts = pa.DictionaryArray.from_arrays(numbers.indices, numbers.dictionary.cast(pa.string()))
                return texts if not texts.null_count else texts.dictionary_decode().fill_null("").dictionary_encode()
        if not types <= {str}:
            values = [self._text(index, name, value) for index, value in enumerate(values)]
        return pa.array(values, pa.string()).fill_null("").dictionary_encode()

    def _text(self, index: int, name: str, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        # lists and objects keep the source text
        return bytes(_RAW.decode(self.lines[self.indices[index]])[name]).decode()


def quoted(text: str) -> bytes:
    """The text as JSON, with letters as they are."""
    return msgspec.json.encode(text)


_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])


class LineDecoder:
    def __init__(self, decimal: str) -> None:
        """decimal: separator that replaces the decimal point."""
        self._decoder = msgspec.json.Decoder(
            float_hook=str if decimal == "." else lambda text: text.replace(".", decimal)
        )

    def decode(self, lines: list[bytes]) -> DecodedLines:
        """Decode lines, given without line feeds."""
        non_blank = [index for index, line in enumerate(lines) if line and not line.isspace()]
        blank = len(lines) - len(non_blank)
        text = b"\n".join(lines)
        try:
            objects = self._decoder.decode_lines(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            objects = []
        all_objects = len(objects) == len(non_blank) and set(map(type, objects)) <= {dict}
        # each key precedes a colon, so equal counts mean that no key is repeated
        if all_objects and text.count(b'":') == sum(map(len, objects)):
            return DecodedLines(lines, objects, non_blank, {}, blank)
        return self._decode_each(lines, non_blank, blank)

    def _decode_each(self, lines: list[bytes], non_blank: list[int], blank: int) -> DecodedLines:
        objects: list[Object] = []
        indices: list[int] = []
        errors: dict[int, Reason] = {}
        for index in non_blank:
            decoded = self._decode_line(lines[index])
            if isinstance(decoded, dict):
                objects.append(decoded)
                indices.append(index)
            else:
                errors[index] = decoded
        return DecodedLines(lines, objects, indices, errors, blank)

    def _decode_line(self, line: bytes) -> Object | Reason:
        try:
            return self._object_of(line)
        except RecursionError:
            return _CODE, "", "its brackets are nested too deeply"

    def _object_of(self, line: bytes) -> Object | Reason:
        try:
            value = self._decoder.decode(line)
        except UnicodeDecodeError:
            return "undecodable-text", "", "utf-8"
        except msgspec.DecodeError as error:
            return _CODE, "", str(error)
        if not isinstance(value, dict):
            return _CODE, "", "it contains a value instead of names and values in braces"
        if line.count(b'":') == len(value):
            return value
        names = [name for name, _ in json.loads(line, object_pairs_hook=list)]
        if len(names) == len(value):
            return value
        duplicate = next(name for name, count in Counter(names).items() if count > 1)
        return _CODE, "", f"“{duplicate}” occurs more than once"
