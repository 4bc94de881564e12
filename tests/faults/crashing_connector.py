"""The command line with a kind of connector, which kills itself: `python -m faults.crashing_connector STEP WHEN COUNT
REGISTER ARGUMENT…`.

STEP, WHEN, and COUNT select the call, before or after it, and how many calls must come first.
REGISTER: the module of tests that adds its kind to the table, or - for a kind of the product.
"""

import sys
from importlib import import_module
from typing import Any

from faults.crashing_command import LateFuse, fuse_at
from stateful.crashes import Wrapper, with_crashes

from tillstream import app
from tillstream.cli import main as cli_main
from tillstream.connectors import one_run


class CrashingSource(Wrapper):
    def acknowledge(self, cursor: Any) -> None:
        with self._fuse.around("source.acknowledge"):
            self._inner.acknowledge(cursor)


def with_crashing_sources(fuse: LateFuse) -> None:
    open_source = one_run.open_source
    one_run.open_source = lambda *args: CrashingSource(open_source(*args), fuse)  # type: ignore[assignment, return-value]


def main(step: str, when: str, count: str, register: str, *arguments: str) -> None:
    build, fuse = app.build, fuse_at(step, when, count)
    if register != "-":
        import_module(register).register_for_process()
    app.build = lambda *args, **options: with_crashes(build(*args, **options), fuse)
    with_crashing_sources(fuse)
    cli_main.main(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
