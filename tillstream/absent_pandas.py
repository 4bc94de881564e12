"""Processes that hand out no frames of pandas behave as if pandas was not installed.

pyarrow and pandera import pandas wherever it is installed, with the first value that pyarrow converts; that takes a
command half as long again (docs/adr/059). With pandas, pandera also imports pyspark where that is installed. The
command line, the server, the portal and the tasks of Spark call `hide_pandas` first; processes of people, such as
notebooks, do not.
"""

import sys

_NAME = "pandas"


class _Absent:
    """A finder that answers as if pandas was not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - the protocol
        if name == _NAME:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide_pandas() -> None:
    """Let every import of pandas fail in this process, unless pandas is loaded already."""
    if _NAME not in sys.modules:
        sys.meta_path.insert(0, _Absent())
