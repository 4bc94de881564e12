"""Each role that is granted is one whose permissions are listed, and has its reason."""

from dataclasses import replace

from call_recorder import PORTS

from infra import stage
from infra.access import permissions
from infra.access.accounts import PORTAL, PORTAL_GRANTS, role_name, roles
from infra.access.grants import STAGES_ON_SPARK
from infra.declared import SECRETS
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
from tillstream.model.events import INBOX
from tillstream.spark.dataproc_batches import SPARK_ACCOUNT as SPARK


def test_every_role_beyond_the_ports_has_its_reason() -> None:
    """Those of the functions and the portal are held to their calls, here and in the portal's own test."""
    target = stage.read("dev", "demo", "123")
    grants = {(spec.account, grant) for spec in (*FUNCTIONS, *JOBS) for grant in spec.grants}
    grants |= {(PORTAL, grant) for grant in PORTAL_GRANTS} | {(SPARK, grant) for grant in STAGES_ON_SPARK}
    covered = {(target.account(account), role_name(target, grant.role)) for account, grant in grants}
    granted = {role for each in roles(target, tuple(SECRETS.values())).values() for role in each}
    beyond = {one.role for one in granted if (one.member.partition(":")[2], one.role) not in covered}
    assert beyond == permissions.BEYOND_PORTS.keys()


def test_every_role_that_is_granted_is_known_and_every_port_is_counted() -> None:
    granted = {
        grant.role for grants in (PORTAL_GRANTS, *(spec.grants for spec in (*FUNCTIONS, *JOBS))) for grant in grants
    }
    assert granted <= permissions.ROLES.keys()
    assert {call.partition(".")[0] for call in permissions.CALLS} == set(PORTS)


def test_a_missing_role_is_noticed() -> None:
    bare = replace(FUNCTIONS[0], grants=())
    assert permissions.required_permissions("objects.open", INBOX) - set(permissions.granted_permissions(bare.grants))
