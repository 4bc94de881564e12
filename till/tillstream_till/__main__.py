"""`python -m tillstream_till` is the command line."""

from tillstream_till.cli import script

script()
