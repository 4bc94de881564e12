"""Add a sale id prefix to a proposed contract whose sale id rule differs from others of its region."""

from collections.abc import Iterable

from tillstream.detection.evidence import CERTAIN, Finding
from tillstream.domain.contract.model import Contract


def prefixed(proposed: Contract, contracts: Iterable[Contract]) -> tuple[Contract, Finding | None]:
    """Add an `id_prefix` if another contract of the region has a different sale id rule; also return the finding."""
    for other in contracts:
        if other.name == proposed.name or (other.region, other.identity.id_prefix) != (proposed.region, ""):
            continue
        if other.sale_identity != proposed.sale_identity:
            prefix = f"{proposed.name}-"
            identity = proposed.identity.model_copy(update={"id_prefix": prefix})
            evidence = f"{other.name} also belongs to {proposed.region}, but identifies sales differently"
            with_prefix = proposed.model_copy(update={"identity": identity})
            return with_prefix, Finding("identity.id_prefix", prefix, evidence, CERTAIN)
    return proposed, None
