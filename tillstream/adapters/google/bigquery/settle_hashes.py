"""The hashes that a settlement computes in GoogleSQL, equal to those of `pipeline.staging.hashes`.

An MD5 is read as two little-endian numbers of 64 bits, the low half first; 63 bits of each are used.
"""

_HIGH_BYTE = 1 << 56
"""Weight of the highest byte, whose highest bit is dropped."""


def md5_hex(*parts: str) -> str:
    """SQL for the MD5 of strings in hexadecimal, joined as in `pipeline.staging.hashes`."""
    return f"TO_HEX(MD5(CONCAT({', CHR(31), '.join(parts)})))"


def half_of_md5(hexadecimal: str, *, high: bool = False) -> str:
    """SQL for 63 bits of the low or the high half of such an MD5."""
    first = 17 if high else 1
    rest = ", ".join(f"SUBSTR({hexadecimal}, {at}, 2)" for at in range(first + 12, first - 1, -2))
    highest = f"MOD(CAST(CONCAT('0x', SUBSTR({hexadecimal}, {first + 14}, 2)) AS INT64), 128)"
    return f"(CAST(CONCAT('0x', {rest}) AS INT64) + {highest} * {_HIGH_BYTE})"


def _key(high: str, low: str) -> str:
    """SQL for 16 bytes, most significant first."""
    return f"FROM_HEX(FORMAT('%016x%016x', {high}, {low}))"


def _both(*, high: bool) -> str:
    return f"{half_of_md5('sale_hex', high=high)} ^ {half_of_md5('line_hex', high=high)}"


FROM_STAGED = _key("key_high", "key_low")
RENUMBERED = _key(_both(high=True), _both(high=False))
"""The key of `sale_hex` and `line_hex`, the n-th line of a product."""
STORE_DAY_HEX = md5_hex("COALESCE(s.region, '')", "COALESCE(s.store_id, CHR(30))", "CAST(s.sale_date AS STRING)")
SALE_HEX = md5_hex("COALESCE(s.region, '')", "s.sale_id")
