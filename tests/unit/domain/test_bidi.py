"""Bidirectional control characters are replaced where texts are shown, and kept in JSON as escapes."""

import json

import pytest

from portal.security import neutralize_bidi_page
from tillstream.model.safe_text import escape_bidi_json, neutralize_bidi, neutralize_bidi_values

CONTROLS = [chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_character_is_shown_as_a_replacement(control: str) -> None:
    assert neutralize_bidi(f"a{control}b") == "a\ufffdb"
    escaped = json.dumps(f"a{control}b")
    assert neutralize_bidi_page(f"<p>a{control}b</p>{escaped}") == '<p>a\ufffdb</p>"a\ufffdb"'
    assert neutralize_bidi_values({f"n{control}": ["x", control, 1, None]}) == {"n\ufffd": ["x", "\ufffd", 1, None]}
    text = escape_bidi_json(json.dumps({"name": f"a{control}b"}, ensure_ascii=False))
    assert control not in text
    assert json.loads(text) == {"name": f"a{control}b"}


def test_texts_of_right_to_left_scripts_stay() -> None:
    assert neutralize_bidi("שלום مرحبا – “x”") == "שלום مرحبا – “x”"
