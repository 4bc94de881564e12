"""Add a sale id prefix to a proposed contract whose sale id rule differs from others of its region."""

from collections.abc import Iterable

from tillstream.detection.evidence import CERTAIN, DetectionFinding
from tillstream.model.contract import Contract


def prefixed(proposed: Contract, contracts: Iterable[Contract]) -> tuple[Contract, DetectionFinding | None]:
    """Add an `id_prefix` if another contract of the region has a different sale id rule; also return the finding."""
    for other in contracts:
        if other.name == proposed.name or (other.region, other.identity.id_prefix) != (proposed.region, ""):
            continue
        if other.sale_identity != proposed.sale_identity:
            return with_prefix(
                proposed, f"{other.name} also belongs to {proposed.region}, but identifies sales differently"
            )
    return proposed, None


def with_prefix(proposed: Contract, evidence: str) -> tuple[Contract, DetectionFinding]:
    """Add an `id_prefix`, and return the finding as well."""
    prefix = f"{proposed.name}-"
    identity = proposed.identity.model_copy(update={"id_prefix": prefix})
    return proposed.model_copy(update={"identity": identity}), DetectionFinding(
        "identity.id_prefix", prefix, evidence, CERTAIN
    )
