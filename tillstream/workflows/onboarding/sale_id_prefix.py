"""A proposed contract beside those of its region: sales that are named otherwise need a prefix."""

from collections.abc import Iterable

from tillstream.detection.evidence import CERTAIN, Finding
from tillstream.domain.contract.model import Contract


def prefixed(proposed: Contract, known: Iterable[Contract]) -> tuple[Contract, Finding | None]:
    """With an `id_prefix` where another contract of the region names sales by another rule, and what shows it."""
    for other in known:
        if other.name == proposed.name or (other.region, other.identity.id_prefix) != (proposed.region, ""):
            continue
        if other.naming != proposed.naming:
            prefix = f"{proposed.name}-"
            identity = proposed.identity.model_copy(update={"id_prefix": prefix})
            evidence = f"{other.name} reports to {proposed.region} too, and names sales otherwise"
            apart = proposed.model_copy(update={"identity": identity})
            return apart, Finding("identity.id_prefix", prefix, evidence, CERTAIN)
    return proposed, None
