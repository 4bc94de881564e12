"""Bytes become letters by the contract's encoding, and rows that do not are refused, never repaired."""

import gzip
import io
import zlib

import pytest
from delimited_text import read_all

from tillstream.model.contract_sections import FileStyle
from tillstream.pipeline.reading.delimited.delimited_reader import read_delimited, read_delimited_header
from tillstream.pipeline.reading.read_options import UnreadableFile
from tillstream.pipeline.rows.row_batch import UnreadableRow

WORDS = {
    "utf-8": "Berguvsvägen 漢字",
    "cp1252": "Martín €",
    "latin-1": "Berguvsvägen",
    "cp850": "Berguvsvägen Martín",
    "cp932": "売上 表 ポ",
    "gb18030": "销售 😀",
    "utf-16": "Berguvsvägen 漢字",
    "utf-16-le": "漢 ਊ ⰱ",
}


@pytest.mark.parametrize("encoding", WORDS)
@pytest.mark.parametrize("delimiter", [",", "|"])
def test_letters_come_out_right_and_raw_is_what_the_source_wrote(encoding: str, delimiter: str) -> None:
    row = delimiter.join(["1", WORDS[encoding], "x"])
    data = delimiter.join("abc") + "\n" + f"{row}\n" * 40
    for size in (5, 64, 1 << 20):
        result = read_all(data, encoding, delimiter, block_bytes=size)
        assert result.rows == [("1", WORDS[encoding], "x")] * 40
        assert set(result.raw) == {row}


def test_undecodable_rows_are_refused_and_the_others_survive() -> None:
    result = read_all(b"a,b\n1,caf\xc3\xa9\n2,caf\xe9\n3,x\n\xff,4\n5,\xc3\xa9\n")
    assert result.rows == [("1", "café"), ("3", "x"), ("5", "é")]
    assert result.refused == [
        UnreadableRow(2, 3, "2,caf\\xe9", "undecodable-text", "", "utf-8"),
        UnreadableRow(4, 5, "\\xff,4", "undecodable-text", "", "utf-8"),
    ]
    assert result.row_numbers == [1, 3, 5]


def test_undecodable_bytes_of_other_encodings_are_refused_too() -> None:
    result = read_all(b"a,b\n1,\x80\n2,\x81\xe9\n3,4\n", "cp1252")
    assert result.rows == [("1", "€"), ("3", "4")]
    assert result.why == [(3, "undecodable-text", "2,\\x81é")]
    assert result.refused[0].detail == "cp1252"


def test_two_undecodable_bytes_never_become_one_good_letter() -> None:
    result = read_all(b"a,b\n1,\xc3\xa9\n", "ascii")
    assert result.why == [(2, "undecodable-text", "1,\\xc3\\xa9")]


def test_an_undecodable_ragged_row_is_reported_as_unreadable() -> None:
    assert read_all(b"a,b\n1,\xff,3\n1,2\n").why == [(2, "undecodable-text", "1,\\xff,3")]


def test_surrogates_written_as_utf_8_are_not_letters() -> None:
    assert read_all(b"a,b\n\xed\xb2\x80,1\n").why == [(2, "undecodable-text", "\\xed\\xb2\\x80,1")]


def test_the_byte_order_mark_is_removed() -> None:
    assert read_all(b'\xef\xbb\xbf"a",b\n1,2\n', block_bytes=1).names == ["a", "b"]
    assert read_all("a,b\n1,2\n".encode("utf-16"), "utf-16").names == ["a", "b"]
    assert read_all("\ufeffa,b\n1,2\n".encode("utf-16-le"), "utf-16-le").names == ["a", "b"]


def test_a_mark_of_utf_8_under_another_encoding_is_refused_as_a_whole() -> None:
    with pytest.raises(UnreadableFile, match="UTF-8 byte order mark, but the encoding of the data source is cp1252"):
        read_all(b"\xef\xbb\xbfa,b\n1,\xc3\xa9\n", "cp1252")


def test_a_codec_that_is_none_of_text_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="hex is not a text encoding"):
        read_all(b"a,b\n", "hex")


@pytest.mark.parametrize("members", [1, 3, 3000])
def test_gzip_is_known_by_its_first_bytes_and_may_have_members(members: int) -> None:
    rows = "".join(f"{n},café\n" for n in range(members))
    data = gzip.compress(b"a,b\n") + b"".join(gzip.compress(row.encode() + b"\n") for row in rows.split())
    result = read_all(data)
    assert result.rows == [(str(n), "café") for n in range(members)]
    assert read_all(data + b"\0" * 512).rows == result.rows


def test_truncated_gzip_raises_with_the_position() -> None:
    data = gzip.compress(b"a,b\n" + b"".join(b"%d,x\n" % n for n in range(20_000)))
    for cut in (5, 1000, len(data) - 9, len(data) - 8, len(data) - 1):
        with pytest.raises(UnreadableFile, match=f"ends too early near byte {cut:,} of the file") as refusal:
            list(read_delimited(io.BytesIO(data[:cut]), FileStyle(), block_bytes=4096))
        assert refusal.value.code == "unreadable-file"


def test_damaged_gzip_raises() -> None:
    data = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 1000))
    data[-6] ^= 1
    with pytest.raises(UnreadableFile, match="is damaged near byte"):
        read_all(bytes(data))
    with pytest.raises(UnreadableFile, match="is followed by other data"):
        read_all(gzip.compress(b"a,b\n1,2\n") + b"3,4\n")


def test_a_small_archive_of_much_text_is_read_in_bounded_blocks() -> None:
    data = gzip.compress(b"a,b\n" + b"1,2\n" * 2_000_000, 9)
    assert len(data) < 50_000
    sizes = [block.cells.num_rows for block in read_delimited(io.BytesIO(data), FileStyle(), block_bytes=1 << 18)]
    assert sum(sizes) == 2_000_000
    assert max(sizes) <= (1 << 18) / 4


def test_a_stream_with_short_reads_is_read_completely() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 3))

    text = b"a,b\n1,2\n3,4\n"
    for data in (text, gzip.compress(text)):
        assert [block.cells.num_rows for block in read_delimited(Slow(data), FileStyle())] == [2]
        assert read_delimited_header(Slow(data), FileStyle()) == ["a", "b"]


def test_zlib_without_gzip_is_no_gzip() -> None:
    with pytest.raises(UnreadableFile):
        read_all(zlib.compress(b"a,b\n1,2\n"))
