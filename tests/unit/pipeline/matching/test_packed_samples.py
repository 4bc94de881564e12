"""Archives and files with typed cells are sampled at their start, middle and end, as plain files are."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from examples import long_but
from tillstream.commands.detect import detect
from tillstream.detection import propose
from tillstream.model.errors import Rejected
from tillstream.pipeline.matching.match_contract import read_sample

HEADER = "Order No,Date,Product,Net\n"
ROWS = [f"{number},{number % 12 + 1:02}/01/2026,Cup {number % 7},1.50\n" for number in range(80_000)]
PROOF = "99999,25/12/2026,Cup 1,1.50\n"
"""The only date that shows the order of day and month."""


def zipped(*files: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return out.getvalue()


def json_lines(text: str) -> bytes:
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return "".join(f'{{"Order No":"{a}","Date":"{b}","Product":"{c}","Net":{d}}}\n' for a, b, c, d in rows).encode()


def parquet(text: str) -> bytes:
    names, *rows = [line.split(",") for line in text.splitlines()]
    out = io.BytesIO()
    pq.write_table(
        pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))).cast(
            pa.schema([(name, pa.string()) for name in names])
        ),
        out,
        row_group_size=10_000,
    )
    return out.getvalue()


PACKS: dict[str, Callable[[str], bytes]] = {
    "gzip": lambda text: gzip.compress(text.encode()),
    "zip": lambda text: zipped(("sales.csv", text)),
    "JSON lines": json_lines,
    "JSON lines in zip": lambda text: zipped(("sales.jsonl", json_lines(text).decode())),
    "Parquet": parquet,
}


@pytest.mark.parametrize("name", long_but(["zip", "Parquet"], PACKS))
def test_the_end_answers_a_question_that_the_beginning_leaves_open(name: str) -> None:
    pack = PACKS[name]
    for end, is_open in (("", True), (PROOF, False)):
        data = pack("".join([HEADER, *ROWS, end]))
        sample = read_sample(lambda data=data: io.BytesIO(data))
        assert sample.sheet.rows < 60_000
        keys = {question.key for question in propose(name="x", sample=sample).questions}
        assert ("date_order" in keys) is is_open


def test_detect_names_the_files_of_an_archive(tmp_path: Path) -> None:
    (tmp_path / "two.zip").write_bytes(zipped(("a.csv", HEADER), ("b.csv", HEADER)))
    with pytest.raises(Rejected, match=r"contains 2 files \(a.csv, b.csv\)\. Upload each file by itself"):
        detect(str(tmp_path / "two.zip"), {}, "", tmp_path)


def test_a_small_archive_is_sampled_whole(tmp_path: Path) -> None:
    (tmp_path / "one.zip").write_bytes(zipped(("a.csv", "".join([HEADER, *ROWS[:50], PROOF]))))
    result = detect(str(tmp_path / "one.zip"), {}, "", tmp_path)
    values = {finding["about"]: finding["value"] for finding in result.data["findings"]}  # type: ignore[index]
    assert (values["delimiter"], values["date_order"]) == (",", "DMY")
