"""What computes: this machine, or Apache Spark."""

from tillstream.model.errors import Rejected

ENGINES = LOCAL, SPARK = ("local", "spark")


def is_on_spark(engine: str, master: str) -> bool:
    """Whether an engine is Spark. master: of a cluster; empty: this machine.

    Raises `Rejected` for another engine than `ENGINES`, and for a master of the engine local.
    """
    if engine not in ENGINES:
        raise Rejected(f"There is no engine {engine}. The engines are {' and '.join(ENGINES)}.")
    if master and engine == LOCAL:
        raise Rejected("A master belongs to the engine spark: add --engine spark.")
    return engine == SPARK
