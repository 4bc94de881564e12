"""Entry point of the installed command `tillstream`: Ctrl-C is handled before the libraries are imported."""

from tillstream.server.process import exit_on_interrupt, until_done


def script() -> None:
    exit_on_interrupt()
    from tillstream.cli.main import main

    until_done(main)
