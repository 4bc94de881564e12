"""Two-factor policy: the roles for which it is required."""

from collections.abc import Iterable

from tillstream import audit
from tillstream.domain.people import Role
from tillstream.people.user import User
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

DOCUMENT = ("people", "policy")


def second_step_roles(ports: Ports) -> tuple[Role, ...]:
    """Roles for which two-factor sign-in is required."""
    document = ports.documents.get(*DOCUMENT)
    return tuple(Role(role) for role in document.data["second_step_roles"]) if document else ()


def require_second_step(ports: Ports, roles: Iterable[Role], by: str) -> None:
    """Require two-factor sign-in for exactly these roles; users without it must set it up at their next request."""
    chosen = [role.value for role in Role if role in set(roles)]

    def required(document: Document | None) -> Update | Document | None:
        before = document.data["second_step_roles"] if document else []
        if before == chosen:
            return document
        sides = ({"roles": before}, {"roles": chosen})
        audit_entry = audit.entry(ports, by, audit.AuditAction.SETTING_CHANGED, "second step is required", *sides)
        return Update({"second_step_roles": chosen}, [audit_entry])

    update(ports.documents, *DOCUMENT, required)


def must_set_up_mfa(ports: Ports, user: User) -> bool:
    """Whether the user must set up two-factor sign-in before anything else."""
    return not user.second_step and user.role in second_step_roles(ports)
