"""Sample a file, for a proposal or for a comparison with contracts."""

from dataclasses import dataclass, field
from typing import Any, BinaryIO

from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.text import dialect, encoding, sample
from tillstream.detection.text.dialect import Dialect


@dataclass(frozen=True)
class FileSample:
    """A file sample as a sheet, with the file settings used to read it."""

    sheet: Sheet
    file: dict[str, Any] = field(default_factory=dict)
    """The contract's `file` section."""
    read: int = 0
    non_ascii_words: tuple[str, ...] = ()
    """Distinct words with non-ASCII letters, for text files."""
    is_encoding_sure: bool = True
    """Whether the encoding was detected without a question."""


def sample_file(stream: BinaryIO, log: DetectionLog | None = None) -> FileSample:
    """Sample a text file: at most `sample.MAX_SAMPLE_BYTES` bytes. For other formats use `build_sheet`."""
    return _sampled(sample.take(stream), log or DetectionLog())


def sample_unpacked(stream: sample.Readable, log: DetectionLog | None = None) -> FileSample:
    """Sample a text file that is unpacked as it is read."""
    return _sampled(sample.take_unpacked(stream), log or DetectionLog())


def _sampled(raw: sample.Sample, log: DetectionLog) -> FileSample:
    text = encoding.decide(raw, log)
    style, sheet = dialect.decide(text, log, whole=raw.whole, includes_end=raw.includes_end)
    is_sure = all(question.key != "encoding" for question in log.questions)
    return FileSample(sheet, _file(text.encoding, style), raw.read, encoding.non_ascii_words(text), is_sure)


def _file(encoding: str, style: Dialect) -> dict[str, Any]:
    settings = {"ignore": list(style.ignore), "header": list(style.names)}
    return {"encoding": encoding, "delimiter": style.delimiter} | settings
