"""Images that buildah builds by their recipes, on bases that are made here of packages of Debian."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WITHOUT = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")]


def missing() -> str:
    """Why images cannot be built here; empty: they can."""
    absent = [tool for tool in ("buildah", "mmdebstrap") if not shutil.which(tool)]
    return f"images cannot be built: {', '.join(absent)} of apt is not installed" if absent else ""


class Builder:
    """buildah with its storage in a folder."""

    def __init__(self, folder: Path) -> None:
        places = ("--root", str(folder / "root"), "--runroot", str(folder / "runroot"))
        self._command = ["buildah", "--storage-driver=vfs", *places]  # copies, where a mount may not be allowed
        self._environment = os.environ | {"BUILDAH_ISOLATION": "chroot"}

    def __call__(self, *arguments: str | Path) -> str:
        """What it prints."""
        command = [*self._command, *map(str, arguments)]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-3_000:]}{done.stderr[-3_000:]}"
        return done.stdout.strip()

    def base(self, name: str, content: Mapping[str, Path]) -> None:
        """Make an image of this content alone: by its place, a file, a folder, or an archive to unpack there."""
        container = self("from", "scratch")
        for place, source in content.items():
            self("add", "--quiet", container, source, place)
        self("commit", "--quiet", "--rm", container, name)

    @contextmanager
    def running(self, container: str, *command: str, **environment: str) -> Iterator[None]:
        """A process of the container, which ends with the block."""
        options = [f"--env={name}={value}" for name, value in environment.items()]
        arguments = [*self._command, "run", *options, container, "--", *command]
        process = subprocess.Popen(arguments, env=self._environment, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def debian(release: str, packages: str, archive: Path) -> list[str]:
    """The command that writes a small Debian with these packages as an archive."""
    return ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", *WITHOUT, release, str(archive)]
