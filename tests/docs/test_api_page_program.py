"""The program of docs/api.md reads every page of the sale lines into pandas."""

import os
import re
import subprocess
import threading
from pathlib import Path

import pytest
from waitress.server import create_server

from docs.generate.api_calls import company
from tillstream.people import personal_tokens

pytestmark = pytest.mark.system
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_the_program_reads_sale_lines_into_pandas(notebook_programs: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with company() as (app, flask, _):
        token = personal_tokens.issue_personal_token(app.ports, "ada", "pandas", ("numbers",), by="ada")[1]
        server = create_server(flask, host="127.0.0.1", port=0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            run = subprocess.run(
                [notebook_programs / "python", "-c", program.replace("limit=10000", "limit=2")],
                env=os.environ | {"PORTAL": f"http://127.0.0.1:{server.effective_port}", "TOKEN": token},
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
        finally:
            server.task_dispatcher.shutdown()
            server.close()
    assert run.returncode == 0, run.stderr
    assert re.search(r"IN\s+4200\.0", run.stdout), run.stdout
