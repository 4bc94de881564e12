"""The real gcloud as a reader: it parses commands and calls nobody."""

import json
import subprocess
from pathlib import Path


def refused(commands: list[str], folder: Path) -> dict[str, str]:
    """Command → what gcloud says against it. One process reads them all."""
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": command} for command in commands]), encoding="utf-8")
    asked = ["gcloud", "meta", "lint-gcloud-commands", f"--commands-file={file}"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert len(told) == len(set(commands)), done.stderr
    return {each["command_string"].strip(): each["error_message"] for each in told if not each["success"]}
