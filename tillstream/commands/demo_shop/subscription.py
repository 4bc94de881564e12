"""The demo's subscription: a table of the week for its manager, paused, because the address is none of a person."""

from tillstream.app import App
from tillstream.domain.people import Role
from tillstream.scheduled_exports import registry
from tillstream.scheduled_exports.subscription import Draft

ROLES = frozenset({Role.MANAGER, Role.ANALYST})
ADDRESS = "/explore?measure=revenue&measure=orders&by=store&preset=last-week"


def add(app: App, login: str, role: str) -> None:
    """Add the subscription for an account that reads reports."""
    if role not in ROLES:
        return
    draft = Draft("Stores last week", ADDRESS, "xlsx", f"{login}@example.com", "week", day=1)
    registry.pause(app.ports, registry.add(app.ports, login, draft, login).id, login)
