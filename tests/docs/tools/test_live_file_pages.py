"""The pages about tools that read live files: their addresses and programs work against a real server."""

import json
import os
import re
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from emulator_fixtures import require
from threads import close_server
from waitress.server import create_server

from docs.generate.api_calls import company
from tests.docs.tools.page_blocks import PAGES, PLACE, blocks, text
from tillstream.people import personal_tokens

ADDRESS = re.compile(rf"{PLACE}(/files/[^\s`\"&]+(?:&(?!token)[^\s`\"&]+)*)")
APPS_SCRIPT = """
const { execFileSync } = require("node:child_process");
const cells = [];
const PropertiesService = { getScriptProperties: () => ({ getProperty: () => process.env.TOKEN }) };
const UrlFetchApp = {
  fetch: (address, { headers }) => {
    const call = "fetch(process.argv[1], { headers: JSON.parse(process.argv[2]) })" +
      ".then((answer) => answer.arrayBuffer()).then((bytes) => process.stdout.write(Buffer.from(bytes)))";
    const bytes = execFileSync(process.execPath, ["-e", call, address, JSON.stringify(headers)]);
    return { getContentText: () => bytes.toString("utf8") };
  },
};
const Utilities = { parseCsv: (csv) => csv.trim().split("\\n").map((line) => line.replaceAll('"', "").split(",")) };
const sheet = {
  clearContents: () => cells.splice(0),
  getRange: (row, column, rows, columns) => ({
    setValues: (values) => {
      if (values.length !== rows || values.some((one) => one.length !== columns)) throw new Error("another size");
      cells.push(...values);
    },
  }),
};
const SpreadsheetApp = { getActive: () => ({ getSheetByName: () => null, insertSheet: () => sheet }) };
"""
"""The services of Apps Script that the page uses, on Node.js."""


@dataclass(frozen=True)
class Portal:
    """token: for files. program: for the API too."""

    url: str
    token: str
    program: str

    def get(self, path: str) -> bytes:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            content: bytes = response.read()
        return content


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with company() as (app, flask, _):
        token = personal_tokens.issue_personal_token(
            app.ports, "ada", "sheet", ("numbers",), files_only=True, by="ada"
        )[1]
        program = personal_tokens.issue_personal_token(app.ports, "ada", "notebook", ("numbers",), by="ada")[1]
        server = create_server(flask, host="127.0.0.1", port=0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield Portal(f"http://127.0.0.1:{server.effective_port}", token, program)
        finally:
            close_server(server)
            thread.join(60)


def test_each_address_of_the_pages_has_rows(portal: Portal) -> None:
    paths = {match for page in PAGES for match in ADDRESS.findall(text(page))}
    assert len(paths) >= 3
    for path in sorted(paths):
        assert portal.get(path), path


def test_the_query_of_excel_reads_an_address_with_its_columns(portal: Portal) -> None:
    (query,) = [block for block in blocks("excel.md", "text") if "Web.Contents" in block]
    path = re.search(r'RelativePath = "([^"]+)"', query)
    arguments = re.search(r"Query = \[(\w+) = \"([^\"]+)\"\]", query)
    assert path
    assert arguments
    header = portal.get(f"/{path[1]}?{arguments[1]}={arguments[2]}").decode("utf-8-sig").splitlines()[0]
    assert set(re.findall(r'\{"(\w+)", type number\}', query)) <= set(header.replace('"', "").split(","))


def test_the_formula_of_google_sheets_reads_without_a_header(portal: Portal) -> None:
    (formula,) = [block for block in blocks("google-sheets.md", "text") if "IMPORTDATA" in block]
    address = re.search(r'"(https[^"]+)"', formula)
    assert address
    url = address[1].replace(PLACE, portal.url).replace("tsp_…", portal.token)
    with urllib.request.urlopen(url, timeout=60) as response:
        assert b"revenue" in response.read()


def test_the_script_of_google_sheets_fills_a_sheet(portal: Portal, tmp_path: Path) -> None:
    node = shutil.which("node")
    require("" if node else "Node.js is not on this machine")
    (script,) = blocks("google-sheets.md", "js")
    program = tmp_path / "refresh.js"
    show = "refresh();\nconsole.log(JSON.stringify(cells));\n"
    program.write_text(APPS_SCRIPT + script.replace(PLACE, portal.url).replace("last-month", "all") + show)
    environment = os.environ | {"TOKEN": portal.token}
    run = subprocess.run(
        [str(node), program], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    header, *rows = json.loads(run.stdout)
    assert "revenue" in header
    assert len(rows) == 2


def test_the_power_bi_file_is_that_of_the_page(portal: Portal) -> None:
    (shown,) = map(json.loads, blocks("power-bi.md", "json"))
    url = shown["connections"][0]["details"]["address"]["url"]
    parts = urlsplit(url)
    file = json.loads(portal.get(f"{parts.path.replace('.csv', '.pbids')}?{parts.query}"))
    assert file == json.loads(json.dumps(shown).replace(PLACE, portal.url))


def test_the_notebook_reads_a_portal(portal: Portal, notebook_programs: Path, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "id": f"cell-{number}", "metadata": {}, "source": code, "outputs": [],
         "execution_count": None}
        for number, code in enumerate(blocks("jupyter.md", "python"))
    ]  # fmt: skip
    assert len(cells) == 3
    notebook = tmp_path / "page.ipynb"
    notebook.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    environment = os.environ | {
        "PATH": f"{notebook_programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PORTAL": portal.url,
        "TOKEN": portal.program,
    }
    command = [notebook_programs / "jupyter-execute", "--inplace", notebook]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stderr
    outputs = ["".join(cell["outputs"][0]["text"]) for cell in json.loads(notebook.read_text())["cells"]]
    assert "2026-06-01" in outputs[0]
    assert "goal" in outputs[1]
    assert "IN" in outputs[2]
