"""Detection keeps at most two megabytes of a file: its head, its middle and its end; of a pipe only its head."""

import gzip
import io

import pytest

from examples import in_long_proofs
from tillstream.detection import propose
from tillstream.detection.text.sample import MAX_SAMPLE_BYTES, take_sample, take_unpacked_sample


class Counting(io.BytesIO):
    """A stream that counts the bytes read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


class Pipe(Counting):
    def seekable(self) -> bool:
        return False


HEADER = b"Order No,Date,Qty,Price\n"
ROWS = b"".join(b"%d,2026-03-%02d,2,1.50\n" % (number, number % 28 + 1) for number in range(120_000))


@pytest.mark.parametrize("kind", [Counting, Pipe])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_of_a_large_file_two_megabytes_are_read(kind: type[Counting], pack: type[bytes]) -> None:
    stream = kind(pack(HEADER + ROWS))
    proposal = propose(stream)
    assert 0 < stream.taken <= MAX_SAMPLE_BYTES
    assert proposal.read == stream.taken
    assert proposal.contract["columns"] == {
        "sale_id": "Order No",
        "date": "Date",
        "quantity": "Qty",
        "unit_price": "Price",
    }


def test_the_end_of_a_large_file_is_sampled() -> None:
    proof = b'999999,2026-03-01,1,"7.777,5"\n'
    ambiguous = HEADER + ROWS.replace(b"1.50", b'"1.500"') + proof
    questions = {question.key for question in propose(io.BytesIO(ambiguous)).questions}
    assert "decimal" not in questions
    assert "decimal" in {question.key for question in propose(Pipe(ambiguous)).questions}


def test_the_end_of_a_large_packed_file_is_sampled() -> None:
    proof = b'999999,2026-03-01,1,"7.777,5"\n'
    ambiguous = HEADER + ROWS.replace(b"1.50", b'"1.500"') + proof
    assert "decimal" not in {question.key for question in propose(io.BytesIO(gzip.compress(ambiguous, 1))).questions}


@pytest.mark.parametrize("count", [10, 110_000, 137_501, 180_001, *in_long_proofs(99_999, 1_000_000)])
def test_unpacked_text_is_sampled_at_its_start_middle_and_end(count: int) -> None:
    text = b"".join(b"%07d\n" % number for number in range(count))
    packed, unpacked = take_sample(io.BytesIO(gzip.compress(text, 1))), take_unpacked_sample(io.BytesIO(text))
    assert (packed.pieces, packed.whole, packed.includes_end) == (
        unpacked.pieces,
        unpacked.whole,
        unpacked.includes_end,
    )
    assert unpacked.whole == (count < 137_500)
    assert unpacked.pieces[0][:8] == b"0000000\n"
    assert unpacked.pieces[-1].endswith(b"%07d\n" % (count - 1))
    assert sum(map(len, unpacked.pieces)) <= MAX_SAMPLE_BYTES
    if count == 1_000_000:
        assert 450_000 < int(unpacked.pieces[1][8:15]) < 600_000


def test_a_small_file_is_read_whole() -> None:
    taken = take_sample(io.BytesIO(HEADER))
    assert (taken.pieces, taken.whole, taken.read) == ((HEADER,), True, len(HEADER))


def _bomb() -> bytes:
    """300 megabytes, compressed."""
    return gzip.compress(b"0" * 30_000_000, 1) * 10


def test_a_bomb_is_not_unpacked_whole() -> None:
    taken = take_sample(io.BytesIO(_bomb()))
    assert sum(map(len, taken.pieces)) <= MAX_SAMPLE_BYTES
    assert not taken.whole
