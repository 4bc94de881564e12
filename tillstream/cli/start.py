"""Entry point of the installed command `tillstream`: Ctrl-C is handled and the process is
configured before the libraries are imported."""

from tillstream.server.process import begin, exit_on_interrupt, until_done


def script() -> None:
    exit_on_interrupt()
    begin()
    from tillstream.cli.main import main

    until_done(main)
