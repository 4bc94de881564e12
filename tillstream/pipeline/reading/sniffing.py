"""The pipeline room: text of two bytes a letter, known by its NUL bytes where it has no mark."""

LOOKED_AT = 256
_LEAST = 8
_MUCH, _LITTLE = 0.3, 0.05


def nul_order(head: bytes) -> str:
    """utf-16-le or utf-16-be where the NUL bytes of a file's head prove it; `nul` where it holds nothing else."""
    looked = head[: min(LOOKED_AT, len(head) & ~1)]
    if len(looked) < _LEAST:
        return ""
    if not looked.strip(b"\0"):
        return "nul"
    even, odd = (part.count(0) / len(part) for part in (looked[::2], looked[1::2]))
    if odd >= _MUCH and even <= _LITTLE:
        return "utf-16-le"
    return "utf-16-be" if even >= _MUCH and odd <= _LITTLE else ""
