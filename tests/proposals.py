"""Proposals of detection in tests: the answers of most of them, and which questions remain."""

from tillstream.detection.propose import Proposal

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "time_zone": "UTC"}


def keys(proposal: Proposal) -> list[str]:
    return [question.key for question in proposal.questions]
