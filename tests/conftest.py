"""Fixtures and settings that all tests share."""

import gc
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import set_clock
import structlog
import turns
from emulator_fixtures import bigquery, cloud_storage, emulated_folder, firestore, pubsub, storage_testbench
from notebook_fixtures import expectations_python, mlflow_programs, notebook_programs, spark_python
from xdist.scheduler import LoadScopeScheduling

import examples  # noqa: F401 - selects the profile of Hypothesis

__all__ = ["bigquery", "cloud_storage", "emulated_folder", "firestore", "notebook_programs", "pubsub"]
__all__ += ["expectations_python", "mlflow_programs", "spark_python", "storage_testbench"]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # LightGBM: test workers share the cores
HERE = Path(__file__).parent
SYSTEM_FOLDERS = (
    *("browser", "cloud", "connectors", "contract/document_store/test_google_", "contract/event_bus/test_google_"),
    *("contract/object_store/test_google_", "contract/sale_index/test_google_", "contract/warehouse/test_google_"),
    *("contract/warehouse/test_sales_of_other_regions", "docs/test_api_page_program", "docs/test_connect_a_till_page"),
    *("docs/test_great_expectations_page", "docs/test_light_imports", "docs/test_packaging", "docs/test_readme_tour"),
    *("docs/test_two_commands", "docs/tools", "e2e/client", "e2e/exports", "e2e/files"),
    *("e2e/forecasts/test_accuracy_on_real_sales", "e2e/holds", "e2e/marts", "e2e/measures"),
    *("e2e/restock/test_stock_on_real_sales", "e2e/server", "e2e/sources", "e2e/stock", "e2e/test_backup"),
    *("e2e/test_command_line", "e2e/test_demo", "e2e/test_interrupted_commands", "e2e/test_maintenance_output"),
    *("e2e/test_older_homes", "e2e/test_rebuild_notices", "e2e/test_senders_of_files", "e2e/test_terminal_output"),
    *("e2e/tills", "faults", "functions/test_function_imports", "functions/test_permissions", "golden/test_homes"),
    *("portal/api/test_api_fuzzed", "portal/api/test_cursors", "portal/api/test_operation_errors"),
    *("portal/api/test_outcomes", "portal/compare", "portal/corrections", "portal/dashboard/test_display_currency"),
    *("portal/dashboard/test_role_layouts", "portal/forecast", "portal/live", "portal/own_dashboards"),
    *("portal/pipeline/test_queues_of_a_cloud", "portal/reports", "portal/restock", "portal/review"),
    *("portal/sale_lines", "portal/stock/test_entering_movements", "portal/stock_files"),
    *("portal/test_amounts_on_pages", "portal/test_audit_of_", "portal/test_costs_are_hidden"),
    *("portal/test_permissions_of_the_portal", "portal/test_row_scopes", "portal/test_several_instances"),
    *("portal/uploads/test_new_contracts", "portal/uploads/test_preview", "portal/uploads/test_uploads"),
    *("property/purchasing", "property/test_hostile_sizes", "property/test_ledger", "property/test_mutations"),
    *("property/test_round_trips", "property/test_shipped_styles", "property/test_write_scope"),
    *("simulation/test_simulation_finds_bugs", "spark", "spec/catalogue/test_catalogue_views"),
    *("spec/forecasts/test_bigquery_ml_scripts", "spec/marts", "spec/measures", "spec/test_change_by_group"),
    *("spec/test_query_layer", "spec/test_sums_by_day", "stateful", "strangers", "sync", "till/test_any_order"),
    *("till/test_killed", "till/test_publishing_of_tills", "unit/alerts/test_alert_pass_rate"),
    *("unit/alerts/test_preview_of_stock", "unit/billing", "unit/connectors/test_backfills"),
    *("unit/detection/test_program_exports", "unit/forecasting/test_feature_export"),
    *("unit/forecasting/test_forecast_runs", "unit/forecasting/test_open_days", "unit/forecasting/test_out_of_stock"),
    *("unit/forecasting/test_price_effects", "unit/quality/test_runs", "unit/reports/test_executive_report"),
    *("unit/reports/test_stock_in_the_report", "unit/reports/test_subscriptions", "unit/samples"),
    *("unit/test_hanging_tests", "unit/test_scale", "unit/workflows/test_staging_while_receiving"),
    *("unit/workflows/test_sweeping_in_a_cloud", "unit/workflows/test_verification"),
)
"""Tests of the whole: a browser, a server, a cloud, crashes, every page and command, whole homes, the samples, files
and messages from the sender to the receipt, decisions about them, whole reports, forecast runs, every call of a service
account, costs of a day, imports of new processes, schedules after which everything is checked. Elsewhere a fixture or a
marker does."""
ONE_WORKER = {
    "judge": ("spec/",),
    "demo": ("browser/areas/test_printed_pages", "browser/test_mornings", "e2e/measures/", "e2e/test_demo_pages"),
    "forecast": ("portal/forecast/",),
}
"""Tests that run in one worker, by what they share: the SQL engine that judges takes half a minute to start, the home
of the demo a minute to fill, and a forecast seconds to make."""
SYSTEM_FIXTURES = frozenset(
    {"bigquery", "chromium", "cloud_storage", "expectations_python", "firestore", "judge", "notebook_programs"}
    | {"pubsub", "spark_python", "storage_testbench"}
)
LIMITS = {"long": 1_800, "system": 300}
"""Seconds, of which the first that fits counts; every other test has the limit of pyproject.toml."""


STARTED = time.monotonic()
MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free in memory to store the homes of tests there; on a disk, half of the time is I/O wait."""


def pytest_configure(config: pytest.Config) -> None:
    set_clock.set_to(config)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    gc.set_threshold(50_000, 20, 20)  # as the product's own processes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part", default="0/1", help="3/10: the fourth of ten parts of the tests; each file is in most of them"
    )
    parser.addoption("--at", default="", help="the instant at which the tests begin: 2028-02-29T12:00+00:00")
    parser.addoption("--within", type=float, default=0, help="the seconds in which a test may begin; 0 for no limit")
    parser.addoption("--fuzz-seconds", type=float, default=60, help="how long each long proof by fuzzing tries")
    parser.addoption("--pictures", default="", help="the folder that the pictures of the docs are written into")
    parser.addoption("--pictures-of", default="", help="a part of the names of the pictures of pages to take")
    parser.addoption("--slow-write", action="store_true", help="bring tests/slow_tests.txt up to date with this run")
    parser.addoption("--golden-write", action="store_true", help="write the files of tests/golden/outside anew")
    parser.addoption("--notebooks-write", action="store_true", help="write the outputs of docs/notebooks anew")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the tests of the system for a run without them."""
    without = "not system" in config.option.markexpr.split(" and ")
    return True if without and _is_of_system(collection_path) else None


@cache
def _is_of_system(path: Path) -> bool:
    return path.is_relative_to(HERE) and path.relative_to(HERE).as_posix().startswith(SYSTEM_FOLDERS)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark the tests of the system and give the slow kinds more time, before marks select among them; then leave
    out the tests that are not in turn, if only those for each change are selected, and select the part."""
    for item in items:
        if _is_of_system(item.path) or SYSTEM_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.system)
        limit = next((limit for mark, limit in LIMITS.items() if item.get_closest_marker(mark)), None)
        if limit and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(limit))
    yield
    chosen = {item.nodeid for item in items}
    if "not long" in config.option.markexpr.split(" and "):
        chosen -= turns.not_in_turn(chosen, turns.slow_functions())
    chosen = turns.part_of(chosen, config.getoption("part"))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


class Scheduler(LoadScopeScheduling):
    """Runs a file in one worker with `--dist loadfile`, so that what its tests share is made once; with other values
    each test where there is room. Not by groups of xdist 3.8: pytest 9 ignores the names that these give to tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        inside = path.removeprefix(f"{HERE.name}/")
        shared = next((what for what, paths in ONE_WORKER.items() if inside.startswith(paths)), None)
        return shared or (path if self.config.getvalue("dist") == "loadfile" else nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


TIME_OVER = "the time of --within was over"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    within: float = item.config.getoption("within")
    if within and time.monotonic() - STARTED > within:
        pytest.skip(TIME_OVER)


def pytest_report_header() -> str:
    return "slow tests: " + (
        "all" if turns.CHOSEN is None else f"with each change, one in {turns.COUNT} (EVERY_TURN=1: all)"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With --slow-write: bring the list of slow tests up to date. With --within: how many of the tests began, and of
    which files."""
    if terminalreporter.config.getoption("slow_write"):
        seconds: Counter[str] = Counter()
        for report in chain.from_iterable(terminalreporter.stats.values()):
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid] += report.duration
        turns.write_slow_functions(seconds)
    if not terminalreporter.config.getoption("within"):
        return
    stats = terminalreporter.stats
    skipped = [report for report in stats.get("skipped", []) if TIME_OVER in str(report.longrepr)]
    ran = Counter(report.nodeid.partition("::")[0] for kind in ("passed", "failed") for report in stats.get(kind, []))
    files = ", ".join(f"{name} ({count})" for name, count in sorted(ran.items()))
    terminalreporter.write_line(f"{ran.total()} of {ran.total() + len(skipped)} tests began within the time: {files}")


def pytest_collection_finish() -> None:
    """The collected tests stay to the end: the garbage collector need not look through them again and again."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """A command sets up logging for the whole process, so reset it: a test must not inherit another's level."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The optional real data next to the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data is not next to the project")
    return folder
