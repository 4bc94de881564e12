"""The job for large settlements: a size that Cloud Run accepts, its command, and who may start it."""

from click import Group

from infra import stage
from infra.accounts import PORTAL, On, roles
from infra.declared import SECRETS, Declared
from infra.functions import SETTLE, SWEEP
from infra.jobs import JOBS, LARGE
from infra.kinds.run import LARGE_ROWS
from infra.resource import Resource
from infra.source import UNKNOWN
from tillstream.cli.main import main
from tillstream.domain.limits import LIMITS
from tillstream.settings import Settings

LARGEST = {"1": 4, "2": 8, "4": 16, "6": 24, "8": 32}
"""Cores → the most GiB that Cloud Run gives them."""


def job(**overrides: str) -> Resource:
    everything = Declared(stage.read("prod", "demo", "123", overrides), UNKNOWN).resources()
    (one,) = [each for each in everything if each.kind == "job" and each.name == LARGE.name]
    return one


def test_a_size_is_one_that_cloud_run_accepts_and_its_command_exists() -> None:
    for each in JOBS:
        assert int(each.memory.removesuffix("Gi")) <= LARGEST[each.cpu]
        assert each.hours <= 7 * 24
        assert isinstance(main, Group)
        assert each.arguments[0] in main.commands


def test_the_memory_of_duckdb_follows_that_of_the_job() -> None:
    assert "TILLSTREAM_SETTLE_MEMORY=16384MiB" in " ".join(job().create[0].words)
    smaller = " ".join(job(SETTLE_LARGE_MEMORY="8Gi", SETTLE_LARGE_CPU="2").create[0].words)
    assert "--memory=8Gi --cpu=2" in smaller
    assert "TILLSTREAM_SETTLE_MEMORY=4096MiB" in smaller
    own = job(TILLSTREAM_SETTLE_MEMORY="20GB")
    assert "TILLSTREAM_SETTLE_MEMORY=20GB" in " ".join(own.create[0].words)


def test_only_functions_and_the_portal_start_it() -> None:
    target = stage.read("dev", "demo", "123")
    (granted,) = [who for on, who in roles(target, tuple(SECRETS.values())).items() if on == On("job", LARGE.name)]
    starters = {f"serviceAccount:{target.account(name)}" for name in (SETTLE.account, SWEEP.account, PORTAL)}
    assert {role.member for role in granted} == starters
    assert {role.role for role in granted} == {"roles/run.invoker"}


def test_it_comes_after_its_image_and_goes_with_a_removal() -> None:
    titles = [each.title for each in Declared(stage.read("dev", "demo", "123"), UNKNOWN).resources()]
    assert (
        titles.index(f"job {LARGE.name}") < titles.index(f"policy of job {LARGE.name}") < titles.index("portal portal")
    )
    assert job().remove
    assert not job().holds_data


def test_the_limits_of_rows_are_those_that_are_documented() -> None:
    assert Settings().large_rows == LIMITS.settled_rows == 500_000
    assert int(LARGE_ROWS) == 200_000
