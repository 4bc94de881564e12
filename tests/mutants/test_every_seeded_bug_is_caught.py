"""Every bug seeded here as a patch is caught: with it in a copy of the sources, the test named beside it fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
COPIED = (
    *("tillstream", "till", "sql", "functions", "portal", "pyproject.toml"),
    *("devtools/__init__.py", "devtools/emulators.py", "tests/stateful", "tests/property/test_write_scope.py"),
    *(f"tests/{module.name}" for module in sorted((ROOT / "tests").glob("*.py"))),
)
RULES = "tests/stateful/test_rules_of_the_numbers.py"
SLICES = "tests/stateful/test_slices.py"
SCOPE = "tests/property/test_write_scope.py"
SCHEDULES = "tests/stateful/test_regression_schedules.py"

LATER = f"{RULES}::test_a_repeated_older_file_changes_nothing_until_it_is_confirmed_as_new"

CAUGHT_BY = {
    "acknowledged_before_kept": f"{RULES}::test_sales_outlive_a_crash_while_they_are_received",
    "amounts_left_out_of_the_hash": LATER,
    "changes_not_listed": LATER,
    "complete_days_of_earlier_files_not_read": f"{RULES}::test_a_statement_of_a_complete_day_removes_its_other_sales",
    "conflicting_contents_taken": f"{RULES}::test_two_contents_of_one_line_in_a_file_are_both_refused",
    "dedupe_skipped": f"{RULES}::test_the_same_file_again_is_all_duplicates_and_a_blank_row_is_counted",
    "earlier_contents_not_read": f"{RULES}::test_the_higher_version_counts_whichever_comes_last",
    "event_id_without_settlement": LATER,
    "event_repeated_with_another_id": f"{RULES}::test_a_settlement_outlives_a_crash_and_is_announced_once",
    "fix_number_ignored": f"{SCHEDULES}::test_what_a_correction_removes_is_added_to_what_its_file_removed",
    "fixes_left_behind_by_a_replay": f"{RULES}::test_a_replay_replaces_its_file_and_keeps_the_fixes",
    "flag_not_moved": LATER,
    "forgotten_objects_not_swept": f"{RULES}::test_a_file_survives_a_crash_before_its_event_is_published",
    "known_bytes_not_held": f"{RULES}::test_the_same_bytes_under_another_contract_are_held",
    "lines_of_other_stores_removed": (
        f"{SCOPE}::test_a_complete_sale_of_a_bound_user_removes_only_lines_of_the_own_stores"
    ),
    "lines_of_other_stores_taken": (
        f"{SCOPE}::test_a_sale_sent_by_a_store_with_the_number_of_another_leaves_that_as_it_was"
    ),
    "order_reversed": LATER,
    "place_of_same_bytes_ignored": LATER,
    "rank_ignored": f"{RULES}::test_a_preferred_earlier_file_overrides_a_later_till",
    "receipt_without_blank_rows": f"{RULES}::test_the_same_file_again_is_all_duplicates_and_a_blank_row_is_counted",
    "refused_rows_block_no_statement": f"{RULES}::test_a_refused_row_keeps_its_sale_from_losing_lines",
    "removed_lines_not_announced": f"{RULES}::test_a_statement_of_complete_sales_removes_missing_lines",
    "repeated_refused_lines_added_twice": (
        f"{SCOPE}::test_a_line_that_was_refused_twice_counts_once_when_it_is_allowed"
    ),
    "replay_beside_the_old": f"{RULES}::test_a_replay_replaces_its_file_and_keeps_the_fixes",
    "settled_twice": f"{RULES}::test_a_settlement_outlives_a_crash_and_is_announced_once",
    "slice_without_pending_days": f"{SLICES}::test_a_settlement_on_a_slice_adds_the_same_rows",
    "slice_without_statements_of_new_days": (
        f"{SLICES}::test_a_sale_settled_late_on_a_slice_is_removed_by_the_statement_of_its_day"
    ),
    "statement_ignored": f"{RULES}::test_a_statement_of_complete_sales_removes_missing_lines",
    "till_differences_taken": f"{RULES}::test_a_file_row_that_differs_from_a_till_is_quarantined",
    "undone_ignored": f"{RULES}::test_undo_keeps_lines_that_another_file_also_contains",
    "version_ignored": f"{RULES}::test_the_higher_version_counts_whichever_comes_last",
}


def copy(folder: Path) -> None:
    """The sources and the tests in `folder`."""
    for name in COPIED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)


def seed(bug: str, folder: Path) -> None:
    patched = subprocess.run(
        ["git", "apply", "-C1", str(HERE / f"{bug}.patch")],
        check=False,
        cwd=folder,
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)},
        capture_output=True,
        text=True,
    )
    assert patched.returncode == 0, f"{bug} does not apply any more; make its patch anew: {patched.stderr}"


def pytest_in(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    options = ("no:cacheprovider", "no:randomly", "no:unraisableexception")  # the last collects garbage for a second
    command = [sys.executable, "-m", "pytest", "-q", "-x", *(part for name in options for part in ("-p", name)), *tests]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(folder), str(folder / "till"))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)


def test_at_least_a_dozen_bugs_are_seeded_and_each_is_named() -> None:
    assert {patch.stem for patch in HERE.glob("*.patch")} == set(CAUGHT_BY)
    assert len(CAUGHT_BY) >= 12


@pytest.mark.skipif(not shutil.which("git"), reason="git applies the patches")
def test_every_seeded_bug_still_applies(tmp_path: Path) -> None:
    copy(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for bug in CAUGHT_BY:
        seed(bug, tmp_path)
        changed = [path for path, data in before.items() if path.read_bytes() != data]
        assert len(changed) == 1, f"{bug} is not one small bug"
        changed[0].write_bytes(before[changed[0]])


def test_every_test_that_catches_a_bug_is_collected_in_a_copy(tmp_path: Path) -> None:
    copy(tmp_path)
    run = pytest_in(tmp_path, "--collect-only", *sorted(set(CAUGHT_BY.values())))
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]


@pytest.mark.long
def test_without_a_bug_the_same_tests_pass(tmp_path: Path) -> None:
    copy(tmp_path)
    run = pytest_in(tmp_path, *sorted(set(CAUGHT_BY.values())))
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.long
@pytest.mark.parametrize("bug", sorted(CAUGHT_BY))
def test_the_seeded_bug_is_caught(bug: str, tmp_path: Path) -> None:
    copy(tmp_path)
    seed(bug, tmp_path)
    run = pytest_in(tmp_path, CAUGHT_BY[bug])
    assert run.returncode == 1, f"{bug} got through:\n{run.stdout[-3000:]}{run.stderr[-1000:]}"
    assert f"FAILED {CAUGHT_BY[bug]}" in run.stdout
