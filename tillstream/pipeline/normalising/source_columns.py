"""Source columns of a block as the contract maps and derives them, and the issues found in their texts.

Derived columns are joined texts, parts of a text, marks of filled cells, signs of amounts, and words at the start or
the end of a text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract import ID_COLUMNS, Contract, float_id_pattern, whole_id_pattern
from tillstream.model.contract_patterns import IdPattern, edge_words
from tillstream.model.contract_values import Made, MissingRule
from tillstream.model.money import AROUND_CURRENCY_SIGN
from tillstream.pipeline.rows.row_batch import Issues
from tillstream.pipeline.rows.text_columns import (
    TEXT,
    EncodedText,
    Mask,
    constant_column,
    data_bytes,
    distinct_words,
    encode_as_sent,
    strip_and_mask,
    to_bool_array,
)

_SCIENTIFIC = r"^-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}$"
REPORTED_COLUMN = {"date": "sale_date", "time": "sale_date"}
"""Mapped column → the sale line column that its issues are reported under."""

RowMask = npt.NDArray[np.bool_]


def map_values(text: EncodedText, values: Mapping[str, str], missing: tuple[str, ...]) -> EncodedText:
    """Replace words by `values` and keep other words; NULL for the words of `missing` and for empty results."""
    words = text.words
    if values:
        position = pc.index_in(words, value_set=pa.array(values.keys(), pa.string()))
        words = pc.coalesce(pa.array(values.values(), pa.string()).take(position), words)
    is_null = pc.is_in(words, value_set=pa.array(["", *missing]))
    return distinct_words(pc.if_else(is_null, None, words), text.index)


def fill_default(text: EncodedText, value: str) -> EncodedText:
    """Replace NULL by `value`."""
    return distinct_words(pc.fill_null(text.words, value), text.index)


def is_missing(text: EncodedText) -> npt.NDArray[np.bool_]:
    """bool (m,): which distinct words are NULL."""
    return to_bool_array(pc.is_null(text.words))


def is_scientific(words: pa.Array) -> Mask:
    """bool (m,): ids in scientific notation such as 1.23E+11, whose last digits are lost. 1E5 is a valid id."""
    if not (data_bytes(words) == ord("+")).any():
        return np.zeros(len(words), np.bool_)
    return to_bool_array(pc.match_substring_regex(words, _SCIENTIFIC))


def are_float_ids(words: pa.Array, decimal: str) -> Mask:
    """bool (m,): ids with a decimal part of zeros (12557.0), if there are at least two ids and all are whole numbers,
    with such a part or without."""
    none = np.zeros(len(words), np.bool_)
    if len(words) - words.null_count < 2 or not (data_bytes(words) == ord(decimal)).any():
        return none
    sign = re.escape(decimal)
    if not pc.all(pc.match_substring_regex(words, f"^{whole_id_pattern(sign)}$")).as_py():
        return none
    return to_bool_array(pc.match_substring_regex(words, f"^{float_id_pattern(sign)}$"))


def strip_decimal_zeros(text: EncodedText, decimal: str) -> EncodedText:
    """Convert 12557.0 to 12557; keep other texts unchanged."""
    words = pc.replace_substring_regex(text.words, f"^{float_id_pattern(re.escape(decimal))}$", r"\1")
    return distinct_words(words, text.index)


def with_usual_spelling(text: EncodedText, patterns: Sequence[str]) -> EncodedText:
    """Write the ids that match one of the patterns as the first one; keep other texts unchanged."""
    words = _spelled(text.words, patterns)
    return text if words.equals(text.words) else distinct_words(words, text.index)


def usual_spellings(texts: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """As `with_usual_spelling`."""
    result: list[str] = _spelled(pa.array(texts, pa.string()), patterns).to_pylist()
    return result


def _spelled(words: pa.Array, patterns: Sequence[str]) -> pa.Array:
    first, *_ = parsed = [IdPattern.parse(text) for text in patterns]
    compact = pc.replace_substring_regex(pc.utf8_normalize(words, "NFKC"), r"\s+", "")
    digits = [pc.struct_field(pc.extract_regex(compact, one.expression), "digits") for one in parsed]
    number = pc.utf8_lpad(pc.coalesce(*digits), first.least_digits, "0")
    return pc.coalesce(pc.binary_join_element_wise(first.prefix, number, first.suffix, ""), words)


def derive_column(rule: Made, text: Callable[[str], EncodedText]) -> pa.Array:
    """Compute a derived column: string (n,), "" for missing. text: returns the trimmed texts of a header."""
    if rule.join:
        columns = [pc.fill_null(text(header).plain(), "") for header in rule.join]
        return reduce(lambda left, right: _joined_texts(left, right, rule.between), columns)
    if rule.filled:
        filled = pc.not_equal(pc.fill_null(text(rule.filled).plain(), ""), "")
        return pc.if_else(filled, rule.word, "")
    if rule.sign_of:
        amounts = text(rule.sign_of)
        return EncodedText(
            pc.fill_null(pc.replace_substring_regex(amounts.words, AROUND_CURRENCY_SIGN, ""), ""), amounts.index
        ).plain()
    if rule.word_of:
        texts = text(rule.word_of)
        words = edge_words(texts.words.to_pylist(), rule.words)
        return EncodedText(pa.array(words, pa.string()), texts.index).plain()
    source = text(rule.split)
    return EncodedText(_text_part(source.words, rule.by, rule.part), source.index).plain()


def _joined_texts(left: pa.Array, right: pa.Array, between: str) -> pa.Array:
    both_present = pc.and_(pc.not_equal(left, ""), pc.not_equal(right, ""))
    return pc.binary_join_element_wise(left, pc.if_else(both_present, between, ""), right, "")


def _text_part(texts: pa.Array, by: str, part: int) -> pa.Array:
    pieces = pc.split_pattern(texts, by)
    count = pc.fill_null(pc.list_value_length(pieces), 0).to_numpy()
    position = part - 1 if part > 0 else count + part
    exists = (position >= 0) & (position < count) & to_bool_array(pc.is_valid(texts))
    index = np.where(exists, pieces.offsets.to_numpy()[:-1] + position, 0)
    return pc.fill_null(pieces.values.take(pa.array(index, mask=~exists)), "")


def missing_columns(header: Sequence[str], contract: Contract) -> list[str]:
    """Return the headers that the contract requires and the file does not have, in the contract's order."""
    present = set(header)
    return [name for name in contract.headers if name not in present]


class SourceColumns:
    """Source columns by the name of the sale line column. cells: all texts, named by the file's headers.

    Columns are converted and their issues reported once, on first access.
    """

    def __init__(self, cells: pa.Table, contract: Contract, *, verbatim: bool = False) -> None:
        """verbatim: the source has typed values, so texts are not trimmed or checked, and only NULL is missing."""
        self.contract, self.length, self.verbatim = contract, cells.num_rows, verbatim
        self.issues = Issues()
        self._cells = cells
        self._text: dict[str, EncodedText] = {}
        self._mapped: dict[str, EncodedText] = {}

    def maps(self, name: str) -> bool:
        return name in self.contract.columns

    def mapped(self, name: str) -> EncodedText:
        """Return a mapped column. Raises `KeyError` if it is not mapped or its header is missing in the file."""
        if name not in self._mapped:
            self._mapped[name] = self._map_column(name, self.text(self.contract.columns[name]))
        return self._mapped[name]

    def text(self, header: str) -> EncodedText:
        """Return the trimmed texts of a header of the file or of a derived column."""
        if header not in self._text:
            derived = self.contract.made.get(header)
            cells = derive_column(derived, self.text) if derived else self._cells.column(header)
            self._text[header] = (
                encode_as_sent(cells) if self.verbatim else strip_and_mask(cells, self.contract.missing)
            )
        return self._text[header]

    def _map_column(self, name: str, text: EncodedText) -> EncodedText:
        values, rule = self.contract.values.get(name, {}), self.contract.where_missing.get(name)
        if values or (rule and rule.words):
            text = map_values(text, values, rule.words if rule else ())
        if name in ID_COLUMNS and not self.verbatim:
            text = self._clean_ids(name, text)
        return self._fill_missing(name, text, rule) if rule and text.words.null_count else text

    def _clean_ids(self, name: str, text: EncodedText) -> EncodedText:
        decimal = self.contract.numbers.decimal
        scientific = is_scientific(text.words)
        if scientific.any():
            self.flag(scientific, "scientific-id", name, text)
        patterns = self.contract.identity.spellings.get(name)
        if patterns:
            text = with_usual_spelling(text, patterns)
        if name in self.contract.identity.whole_numbers:
            return strip_decimal_zeros(text, decimal)
        are_float = are_float_ids(text.words, decimal)
        if are_float.any():
            self.flag(are_float, "float-as-id", name, text)
        return text

    def _fill_missing(self, name: str, text: EncodedText, rule: MissingRule) -> EncodedText:
        if rule.do == "empty":
            return text
        missing = is_missing(text)[text.index]
        column = REPORTED_COLUMN.get(name, name)
        if rule.do == "refuse":
            self.issues.add_where(missing, "missing-required", column)
            return text
        self.issues.add_where(missing, "default-taken", column, detail=rule.value)
        return fill_default(text, rule.value)

    def column_or(self, name: str, default: str = "") -> pa.Array:
        """Return the source's column, or `default` (NULL if empty) where none is mapped."""
        if self.maps(name):
            return self.mapped(name).rows()
        return constant_column(default, self.length) if default else pa.nulls(self.length, TEXT)

    def unmapped(self) -> dict[str, pa.Array]:
        """Return header → texts of the file's columns that the contract does not map."""
        mapped = set(self.contract.columns.values())
        return {name: self.text(name).plain() for name in self._cells.column_names if name not in mapped}

    def flag(self, mask: RowMask, code: str, name: str, text: EncodedText, detail: str = "") -> RowMask:
        """Report an issue for each row whose word is selected. mask: bool (m,), of the words. Returns bool (n,)."""
        rows = mask[text.index]
        self.issues.add_where(rows, code, name, text.rows(), detail)
        return rows
