"""The detection room: from a file to a proposed contract, and which known contract a file fits.

Imports only the domain.
"""

from tillstream.detection.propose import Looked, Proposal, look, propose

__all__ = ["Looked", "Proposal", "look", "propose"]
