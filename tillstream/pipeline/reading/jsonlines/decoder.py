"""Lines of JSON as objects, decoded in C, and their values as texts with the source's own digits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import pyarrow as pa

Why = tuple[str, str, str]
"""Code, value and detail of a `Refused`."""
_CODE = "unreadable-json"
Object = dict[str, Any]


@dataclass
class Rows:
    """Some lines of a file: the objects, the place of each among the lines, and why other lines give none."""

    lines: list[bytes]
    objects: list[Object]
    places: list[int]
    wrong: dict[int, Why]
    blank: int

    def __post_init__(self) -> None:
        shapes = dict.fromkeys(map(tuple, self.objects))
        self.names = list(dict.fromkeys(chain.from_iterable(shapes)))
        self._columns: dict[str, Sequence[Any]] = {}
        if len(shapes) == 1:
            self._columns = dict(zip(self.names, zip(*map(dict.values, self.objects), strict=True), strict=True))

    def texts(self, name: str) -> pa.DictionaryArray:
        """(n,), empty where an object lacks the name or has null."""
        values = self._columns.get(name) or [row.get(name) for row in self.objects]
        kinds = set(map(type, values)) - {type(None)}
        if kinds == {int}:
            try:
                numbers = pa.array(values, pa.int64()).dictionary_encode()
            except OverflowError:
                pass
            else:
                texts = pa.DictionaryArray.from_arrays(numbers.indices, numbers.dictionary.cast(pa.string()))
                return texts if not texts.null_count else texts.dictionary_decode().fill_null("").dictionary_encode()
        if not kinds <= {str}:
            values = [self._text(index, name, value) for index, value in enumerate(values)]
        return pa.array(values, pa.string()).fill_null("").dictionary_encode()

    def _text(self, index: int, name: str, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        # lists and objects stay as the source wrote them
        return bytes(_RAW.decode(self.lines[self.places[index]])[name]).decode()


_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Decoder:
    def __init__(self, decimal: str) -> None:
        """decimal: the sign that fractions get in place of their point."""
        self._decoder = msgspec.json.Decoder(
            float_hook=str if decimal == "." else lambda text: text.replace(".", decimal)
        )

    def rows(self, lines: list[bytes]) -> Rows:
        """lines: without their line feeds."""
        filled = [place for place, line in enumerate(lines) if line and not line.isspace()]
        blank = len(lines) - len(filled)
        text = b"\n".join(lines)
        try:
            objects = self._decoder.decode_lines(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            objects = []
        whole = len(objects) == len(filled) and set(map(type, objects)) <= {dict}
        # each name stands before a colon, so equal counts mean that no name stands twice
        if whole and text.count(b'":') == sum(map(len, objects)):
            return Rows(lines, objects, filled, {}, blank)
        return self._one_by_one(lines, filled, blank)

    def _one_by_one(self, lines: list[bytes], filled: list[int], blank: int) -> Rows:
        objects: list[Object] = []
        places: list[int] = []
        wrong: dict[int, Why] = {}
        for place in filled:
            found = self._object(lines[place])
            if isinstance(found, dict):
                objects.append(found)
                places.append(place)
            else:
                wrong[place] = found
        return Rows(lines, objects, places, wrong, blank)

    def _object(self, line: bytes) -> Object | Why:
        try:
            found = self._decoder.decode(line)
        except UnicodeDecodeError:
            return "undecodable-text", "", "utf-8"
        except msgspec.DecodeError as error:
            return _CODE, "", str(error)
        if not isinstance(found, dict):
            return _CODE, "", "it holds a value, and no names with values in braces"
        if line.count(b'":') == len(found):
            return found
        names = [name for name, _ in json.loads(line, object_pairs_hook=list)]
        if len(names) == len(found):
            return found
        twice = next(name for name in names if names.count(name) > 1)
        return _CODE, "", f"“{twice}” stands in it more than once"
