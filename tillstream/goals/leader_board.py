"""The leader board of a store: its salespeople by the part of their goal that they have reached."""

from collections.abc import Sequence
from decimal import Decimal

from tillstream.domain.goals.goal import Target
from tillstream.goals.standings import Standing
from tillstream.model import audit
from tillstream.model.people import Action, Scope
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

COLLECTION, SETTING = "goal_settings", "leader_board"
MANAGERS, EVERYONE, OFF = "managers", "everyone", "off"
MOST_PLACES = 10


def setting(ports: Ports) -> str:
    """Who sees leader boards: managers, everyone or off."""
    document = ports.documents.get(COLLECTION, SETTING)
    return str(document.data["shown"]) if document else MANAGERS


def save_setting(ports: Ports, shown: str, *, by: str) -> None:
    """Set who sees leader boards."""

    def changed(document: Document | None) -> Update | Document | None:
        before = document.data["shown"] if document else MANAGERS
        if before == shown:
            return document
        sides = ({"shown": before}, {"shown": shown})
        entry = audit_log.entry(ports, by, audit.AuditAction.GOALS_SETTING_CHANGED, "leader board", *sides)
        return Update({"shown": shown}, [entry])

    update_document(ports.documents, COLLECTION, SETTING, changed)


def is_shown(shown: str, scope: Scope) -> bool:
    """Whether a user sees the board of a store whose sales they see, or in which they sell."""
    if shown == OFF or not scope.may(Action.SEE_PERSONAL):
        return False
    return shown == EVERYONE or scope.salesperson is None


def places(standings: Sequence[Standing]) -> list[tuple[int, Target, Decimal]]:
    """Rank, salesperson and part of the goal, best first; equal parts share a rank, and only the best are listed."""
    ranked = sorted(((one.reached, one.target) for one in standings if one.reached is not None), key=_best_first)
    listed: list[tuple[int, Target, Decimal]] = []
    for number, (part, target) in enumerate(ranked, 1):
        rank = listed[-1][0] if listed and listed[-1][2] == part else number
        listed.append((rank, target, part))
    return listed[:MOST_PLACES]


def _best_first(one: tuple[Decimal, Target]) -> tuple[Decimal, Target]:
    return -one[0], one[1]
