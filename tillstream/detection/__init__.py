"""Infer contracts from files, and match files to existing contracts.

`propose` infers a contract with evidence and open questions, `fit` ranks existing contracts, and `drift` compares a
file with the contract of its source and proposes the next version. Each keeps at most two megabytes of a text file;
`sample_file` returns a sample that can be passed to all three.
"""

from tillstream.detection.drifts import ContractDifference, Drift, drift
from tillstream.detection.fits import ContractFit, fit
from tillstream.detection.propose import Proposal, propose
from tillstream.detection.text.file_sample import FileSample, sample_file, sample_unpacked

__all__ = [
    "ContractDifference",
    "ContractFit",
    "Drift",
    "FileSample",
    "Proposal",
    "drift",
    "fit",
    "propose",
    "sample_file",
    "sample_unpacked",
]
