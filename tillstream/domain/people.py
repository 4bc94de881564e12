"""Roles, what each may do, and the scope within which they may: the one table."""

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
    SEE_UPLOADS = "see uploads"
    UPLOAD = "upload, fix, replay"
    DECIDE = "confirm, reject, undo"
    ENTER_SALES = "enter sales"
    MANAGE_STOCK = "catalogue, stock, goals"
    SEE_PIPELINE = "see the pipeline"
    ADMINISTER = "users, contracts, FX, alerts, pipeline"


MAY: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.MANAGER: frozenset(Action) - {Action.ADMINISTER},
    Role.CLERK: frozenset({Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.SEE_UPLOADS, Action.UPLOAD}),
    Role.SALESPERSON: frozenset({Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.ENTER_SALES}),
    Role.ANALYST: frozenset({Action.SEE_NUMBERS}),
}


@dataclass(frozen=True)
class Scope:
    """Whose rows a person sees. None means no bound; an empty tuple means nothing at all.

    Made from the person's role and assignments by `scope_of`, applied in the query layer and nowhere else.
    """

    role: Role
    regions: tuple[str, ...] | None = None
    stores: tuple[str, ...] | None = None
    salesperson: str | None = None
    only: frozenset[Action] | None = None
    """Of what the role may: a personal token may be given less than its person."""

    def may(self, action: Action) -> bool:
        return action in MAY[self.role] and (self.only is None or action in self.only)

    def covers_region(self, region: str) -> bool:
        """Contracts belong to a region; whoever is bound to stores still sees their region's."""
        return self.regions is None or region in self.regions

    def covers_stores(self, stores: Sequence[str | None] | None) -> bool:
        """Whether everything that rows of these stores tell may be seen; None: nobody knows which they are of."""
        if self.salesperson is not None:
            return False
        return self.stores is None or (stores is not None and all(store in self.stores for store in stores))

    def narrowed(self, only: frozenset[Action], regions: tuple[str, ...] = ()) -> "Scope":
        """The same with less: these actions, and of its regions these; none named means all of them."""
        kept = self.regions
        if regions:
            kept = regions if kept is None else tuple(one for one in regions if one in kept)
        return replace(self, only=only, regions=kept)


EVERYTHING = Scope(Role.ADMIN)
NOTHING: tuple[str, ...] = ()


def scope_of(
    role: Role, regions: tuple[str, ...] = (), stores: tuple[str, ...] = (), salesperson: str | None = None
) -> Scope:
    """The scope of a person: admins see all; analysts all or the given regions; everybody else only what is given."""
    match role:
        case Role.ADMIN:
            return EVERYTHING
        case Role.ANALYST:
            return Scope(role, regions or None)
        case Role.SALESPERSON:
            return Scope(role, regions, stores or None, salesperson or "")
        case Role.MANAGER | Role.CLERK:
            return Scope(role, regions, stores or None)
