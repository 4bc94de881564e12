"""The real gcloud as a linter: it parses commands and sends no requests."""

import json
import subprocess
from pathlib import Path


def lint_errors(commands: list[str], folder: Path) -> dict[str, str]:
    """Command → gcloud's error for it. One process checks all commands."""
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": command} for command in commands]), encoding="utf-8")
    lint = ["gcloud", "meta", "lint-gcloud-commands", f"--commands-file={file}"]
    done = subprocess.run(lint, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)
    assert len(results) == len(set(commands)), done.stderr
    return {each["command_string"].strip(): each["error_message"] for each in results if not each["success"]}
