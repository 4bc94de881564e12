"""The command line's front door."""


def main() -> None:
    """Run the command that the arguments name."""
