"""Entry point of the installed command `tillstream`: handles Ctrl-C, and configures the process.

Both happen before the libraries are imported.

`tillstream till` loads only the till agent, because a till starts it for each sale.
"""

import sys

from tillstream.absent_pandas import hide_pandas
from tillstream.server.process import begin, exit_on_interrupt, until_done


def script() -> None:
    if sys.argv[1:2] == ["till"]:
        from tillstream_till import cli

        sys.exit(cli.main(sys.argv[2:], "tillstream till"))
    exit_on_interrupt()
    begin()
    hide_pandas()
    from tillstream.cli.main import main

    until_done(main)
