"""What a user decides or previews, as the portal sends it to the function `decide`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tillstream.model.errors import Rejected
from tillstream.model.people import Action, Scope
from tillstream.people.accounts import current_scope
from tillstream.ports import Ports


class Work(StrEnum):
    UNDO = "undo"
    PREVIEW_UNDO = "preview undo"
    PREVIEW_CONFIRMATION = "preview confirmation"
    PREVIEW_REPLAY = "preview replay"
    PREVIEW_CORRECTION = "preview correction"
    DRY_RUN = "dry run"


@dataclass(frozen=True)
class Decision:
    """Its rights and rows are those of the account, which a token may limit; it has no others."""

    work: Work
    by: str
    """Sign-in name of the user."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """JSON values, such as the id of the batch."""
    actions: tuple[str, ...] | None = None
    """The actions that a token permits; None without a token."""
    regions: tuple[str, ...] | None = None
    """The regions that a token leaves of those of its user; None: all."""

    @classmethod
    def of(cls, work: Work, by: str, scope: Scope, **arguments: Any) -> "Decision":
        """scope: the one of the request."""
        actions = None if scope.only is None else tuple(sorted(scope.only))
        return cls(work, by, arguments, actions, None if actions is None else scope.regions)

    def to_json(self) -> dict[str, Any]:
        return {
            "work": self.work.value,
            "by": self.by,
            "arguments": dict(self.arguments),
            "actions": self.actions,
            "regions": self.regions,
        }

    @classmethod
    def from_json(cls, data: Any) -> "Decision":
        """Raises `Rejected`."""
        try:
            actions = data["actions"]
            return cls(
                Work(data["work"]),
                str(data["by"]),
                dict(data["arguments"]),
                None if actions is None else tuple(map(Action, actions)),
                None if data["regions"] is None else tuple(data["regions"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Rejected("The request is not a decision.") from error

    def scope(self, ports: Ports) -> Scope:
        """As the account is now. Raises as `current_scope`."""
        scope = current_scope(ports, self.by)
        if self.actions is not None:
            scope = scope.restrict(frozenset(map(Action, self.actions)))
        if self.regions is not None:
            scope = replace(scope, regions=tuple(filter(scope.covers_region, self.regions)))
        return scope
