"""The operating system's user of a process or a file."""

import os

ROOT = 0


def own_id() -> int:
    """Id of the user of this process; that of root on Windows, whose files have no other id."""
    return os.geteuid() if hasattr(os, "geteuid") else ROOT


def user_name(user_id: int | None = None) -> str:
    """Name of a user, that of this process if None; empty on Windows, which gives no ids."""
    try:
        import pwd  # not on Windows
    except ImportError:
        return ""
    user_id = own_id() if user_id is None else user_id
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:  # a container may run as a user without a name
        return str(user_id)
