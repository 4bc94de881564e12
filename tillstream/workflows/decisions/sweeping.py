"""A sweep and a refresh of totals for a user: in this process or, in a project, in the function that has the rights."""

from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.people.accounts import current_scope
from tillstream.ports import Ports
from tillstream.ports.machine import PROJECT_FUNCTION, SWEEP_FUNCTION
from tillstream.workflows.operations import reconcile

SECONDS = 240.0
"""How long a user waits."""


def sweep(ports: Ports, contracts: ContractRegistry, by: str, *, delegate: bool) -> dict[str, Any]:
    """Resume interrupted work and return the counts. Raises as `reconcile.run`, and `Unavailable`."""
    if ports.functions is None:
        return reconcile.run(ports, contracts, delegate=delegate, by=by)
    counts: dict[str, Any] = ports.functions.call(SWEEP_FUNCTION, {"by": by}, SECONDS)
    return counts


def sweep_for(ports: Ports, contracts: ContractRegistry, by: str) -> dict[str, Any]:
    """Resume interrupted work, in the function. Raises `Rejected` if the user may not, and as `reconcile.run`."""
    if not current_scope(ports, by).may(Action.SEE_PIPELINE):
        raise Rejected(f"The account {by} may not start a sweep.")
    return reconcile.run(ports, contracts, delegate=True, by=by)


def refresh_totals(ports: Ports) -> None:
    """Refresh the daily totals. Raises `Conflict`, `Unavailable`."""
    if ports.functions is None:
        ports.warehouse.refresh_totals()
    else:
        ports.functions.call(PROJECT_FUNCTION, {}, SECONDS)
