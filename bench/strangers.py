"""The score of strangers' files (tests/strangers): what a clerk reaches who follows the questions of detection."""

from tests.strangers.scoring import Result
from tests.strangers.summary import FEW, Row, measure, rows

__all__ = ["FEW", "Result", "Row", "measure", "rows"]
