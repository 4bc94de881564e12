"""Roles, the actions that each permits, and the scope of rows that a user may see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    CLERK = "clerk"
    SALESPERSON = "salesperson"
    ANALYST = "analyst"


class Action(StrEnum):
    SEE_NUMBERS = "see numbers"
    SEE_PERSONAL = "see personal columns"
    SEE_COSTS = "see costs and margins"
    SEE_FORECASTS = "see forecasts"
    SEE_ALERTS = "see alerts"
    SEE_UPLOADS = "see uploads"
    UPLOAD = "upload, fix, replay"
    ANNOTATE = "annotate days"
    DECIDE = "confirm, reject, undo"
    ENTER_SALES = "enter sales"
    MANAGE_STOCK = "catalogue, stock, goals"
    SEE_PIPELINE = "see the pipeline"
    SEE_QUALITY = "see data quality"
    RUN_SQL = "run SQL on the marts"
    ADMINISTER = "users, contracts, FX, alerts, pipeline"


PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.MANAGER: frozenset(Action) - {Action.ADMINISTER},
    # Clerks upload and correct files, whose rows contain the costs.
    Role.CLERK: frozenset(
        {
            Action.SEE_NUMBERS,
            Action.SEE_PERSONAL,
            Action.SEE_COSTS,
            Action.SEE_FORECASTS,
            Action.SEE_ALERTS,
            Action.ANNOTATE,
            Action.SEE_UPLOADS,
            Action.UPLOAD,
        }
    ),
    Role.SALESPERSON: frozenset({Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.ENTER_SALES}),
    Role.ANALYST: frozenset(
        {
            Action.SEE_NUMBERS,
            Action.SEE_COSTS,
            Action.SEE_FORECASTS,
            Action.SEE_ALERTS,
            Action.ANNOTATE,
            Action.SEE_QUALITY,
            Action.RUN_SQL,
        }
    ),
}


@dataclass(frozen=True)
class Scope:
    """The rows that a user may see. None means unrestricted; an empty tuple means no rows.

    Created from the user's role and assignments by `scope_of`, applied in the query layer only.
    """

    role: Role
    regions: tuple[str, ...] | None = None
    stores: tuple[str, ...] | None = None
    salesperson: str | None = None
    only: frozenset[Action] | None = None
    """Limits the role's actions: a personal token may permit less than its owner's role."""

    def may(self, action: Action) -> bool:
        return action in PERMISSIONS[self.role] and (self.only is None or action in self.only)

    def covers_region(self, region: str) -> bool:
        """Whether the region's contracts are visible; a user limited to stores still sees those of their region."""
        return self.regions is None or region in self.regions

    def covers_stores(self, stores: Sequence[str | None] | None) -> bool:
        """Whether all rows of these stores are visible. stores: None if unknown."""
        if self.salesperson is not None:
            return False
        return self.stores is None or (stores is not None and all(store in self.stores for store in stores))

    def covers_sale(self, region: str | None, store_id: str | None, salesperson_id: str | None) -> bool:
        """Whether a sale is visible, as the query layer filters its rows. None: the sale lacks the field."""
        return (
            (self.regions is None or region in self.regions)
            and (self.stores is None or store_id in self.stores)
            and (self.salesperson is None or salesperson_id == self.salesperson)
        )

    def restrict(self, only: frozenset[Action], regions: tuple[str, ...] = ()) -> "Scope":
        """A copy limited to these actions and, unless empty, to these of its regions."""
        remaining = self.regions
        if regions:
            remaining = regions if remaining is None else tuple(name for name in regions if name in remaining)
        return replace(self, only=only, regions=remaining)


UNRESTRICTED = Scope(Role.ADMIN)
NOTHING: tuple[str, ...] = ()


def scope_of(
    role: Role, regions: tuple[str, ...] = (), stores: tuple[str, ...] = (), salesperson: str | None = None
) -> Scope:
    """The scope of a user: admins see all; analysts all or the listed regions; others only what is assigned to them."""
    match role:
        case Role.ADMIN:
            return UNRESTRICTED
        case Role.ANALYST:
            return Scope(role, regions or None)
        case Role.SALESPERSON:
            return Scope(role, regions, stores or None, salesperson or "")
        case Role.MANAGER | Role.CLERK:
            return Scope(role, regions, stores or None)
