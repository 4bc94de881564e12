"""Policy: what admins ask of everybody's sign-in."""

from collections.abc import Iterable

from tillstream import audit
from tillstream.domain.errors import Conflict
from tillstream.domain.people import Role
from tillstream.people.user import User
from tillstream.ports import Ports
from tillstream.ports.document_store import Put

PLACE = ("people", "policy")


def second_step_roles(ports: Ports) -> tuple[Role, ...]:
    """The roles that must use a second step."""
    known = ports.documents.get(*PLACE)
    return tuple(Role(role) for role in known.data["second_step_roles"]) if known else ()


def require_second_step(ports: Ports, roles: Iterable[Role], by: str) -> None:
    """Of these roles and no others; who has none yet sets it up at the next click."""
    chosen = [role.value for role in Role if role in set(roles)]
    while True:
        known = ports.documents.get(*PLACE)
        before = known.data["second_step_roles"] if known else []
        if before == chosen:
            return
        sides = ({"roles": before}, {"roles": chosen})
        told = audit.entry(ports, by, audit.What.SETTING_CHANGED, "second step is required", *sides)
        put = Put(*PLACE, {"second_step_roles": chosen}, if_version=known.version if known else 0)
        try:
            ports.documents.put_all([put, told])
        except Conflict:
            continue
        return


def lacks_second_step(ports: Ports, user: User) -> bool:
    """Whether the person must set it up before anything else."""
    return not user.second_step and user.role in second_step_roles(ports)
