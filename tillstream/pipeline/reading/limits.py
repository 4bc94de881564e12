"""Size limits for decompressed files."""

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import UnreadableFile


def check_unpacked_size(unpacked: int, packed: int, limits: Limits) -> None:
    """Raise `UnreadableFile` if `packed` bytes expand beyond the limits."""
    if unpacked > limits.unpacked_bytes:
        raise UnreadableFile(
            "unreadable-file",
            f"The file contains more than {limits.unpacked_bytes >> 20:,} megabytes when unpacked. Upload it in "
            "parts, or ask your administrator to raise the limit (unpacked_limit_mb).",
        )
    if unpacked > limits.free_bytes and unpacked > limits.ratio * packed:
        raise UnreadableFile(
            "unreadable-file",
            f"The file grows to more than {limits.ratio} times its size when unpacked, which is unusual for sales. "
            "Check its content; your administrator can raise the limit (unpacked_ratio).",
        )
