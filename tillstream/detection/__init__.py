"""From a file to a proposed contract, and which known contract a file fits.

Imports only the domain. `propose` makes a contract with its evidence and its open questions, `fit` says which known
contract a file is, `drift` how it differs from the contract of its source, with the contract's next version. Each reads
at most two megabytes of a file of text; what was read of it can be handed from one to the other (`look`).
"""

from tillstream.detection.drifts import Difference, Drift, drift
from tillstream.detection.fits import Fit, fit
from tillstream.detection.propose import Looked, Proposal, look, propose

__all__ = ["Difference", "Drift", "Fit", "Looked", "Proposal", "drift", "fit", "look", "propose"]
