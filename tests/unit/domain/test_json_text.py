"""Fast JSON: the values and the errors of the standard library."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.model import json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
ODD = [
    "NaN", "[1e400]", '"\\ud800"', "-0", '{"a":1,"a":2}', "", "{", "1 2", "123456789012345678901234567890123",
    "\ufeff1", '"a\nb"', '"\ud800"', b'"\xff"', '"é"'.encode("utf-16"), b"\xef\xbb\xbf1", "[" * 100_000,
]  # fmt: skip


@given(VALUES)
def test_values_are_those_of_the_standard_library(value: Any) -> None:
    text = json.dumps(value)
    assert json_text.decode_json(text) == json_text.decode_json(text.encode()) == json.loads(text)


@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=9))
def test_encoded_values_are_read_by_the_standard_library(value: Any) -> None:
    try:
        text = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            json_text.encode_json(value)
    else:
        assert json.loads(json_text.encode_json(value)) == json.loads(text)


@pytest.mark.parametrize("text", ODD, ids=repr)
def test_odd_texts_are_read_or_refused_alike(text: str | bytes) -> None:
    assert repr(_outcome(json_text.decode_json, text)) == repr(_outcome(json.loads, text))


def _outcome(decode: Any, text: str | bytes) -> Any:
    try:
        return decode(text)
    except json_text.NestedTooDeeply:
        return RecursionError
    except (ValueError, RecursionError) as error:
        return type(error)
