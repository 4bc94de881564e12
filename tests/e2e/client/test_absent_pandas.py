"""Commands do not load pandas, although it is installed; frames do."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
COMMAND = "import sys; from tillstream.cli.start import script; sys.argv[:] = ['tillstream', *sys.argv[1:]]; script()"
RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def imported(home: Path, *arguments: str) -> str:
    """The imports of a command, which ends well."""
    command = [sys.executable, "-X", "importtime", "-c", COMMAND, *arguments]
    variables = {"TILLSTREAM_HOME": str(home), "HOME": str(home), "TILLSTREAM_SAMPLES": "false"}
    result = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return result.stderr


def test_commands_that_read_files_and_numbers_do_not_load_pandas(tmp_path: Path) -> None:
    (tmp_path / "UK.csv").write_text(RETAIL + "536365,A,Lamp,6,12/1/2010 8:26,2.55,17850,UK\n")
    home = tmp_path / "home"
    imports = imported(home, "ingest", str(tmp_path / "UK.csv"), "--region", "online-retail-uk")
    assert "pandera" in imports
    assert "pandas.core" not in imports
    assert "pandas.core" not in imported(home, "query", "kpis")
    assert "pandas.core" not in imported(home, "measures", "revenue", "--by", "month")


def test_a_light_command_loads_no_table_library(tmp_path: Path) -> None:
    imports = imported(tmp_path, "--version")
    assert not any(f" {name}\n" in imports for name in ("pandas", "pyarrow", "polars", "duckdb", "numpy"))


def test_importing_the_package_loads_nothing_and_connecting_no_pandas() -> None:
    program = (
        "import sys, tillstream; assert 'pyarrow' not in sys.modules; tillstream.connect; "
        "assert 'pyarrow' in sys.modules; assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
