"""`python -m devtools.simulation.year.server FILE`: the server of the environment's home with the clock of a file."""

import sys
from pathlib import Path

from devtools.simulation.clock import MovedClock
from tillstream import logs
from tillstream.server.process import begin
from tillstream.server.serve import serve
from tillstream.settings import Settings

if __name__ == "__main__":
    begin()
    settings = Settings.read()
    logs.configure(settings)
    serve(settings, print, clock=MovedClock(Path(sys.argv[1])))
