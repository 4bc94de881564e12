"""The hashes that a settlement makes itself, as `pipeline.staging.hashes` makes them, in GoogleSQL.

An MD5 is read as two numbers of 64 bits, the low half first and each least byte first, of which 63 bits are kept.
"""

_BITS_BELOW = 1 << 56
"""Of the highest byte, whose highest bit is not kept."""


def hex_of(*parts: str) -> str:
    """The MD5 of texts, joined as hashes join them, in hexadecimal."""
    return f"TO_HEX(MD5(CONCAT({', CHR(31), '.join(parts)})))"


def number(hexadecimal: str, *, high: bool = False) -> str:
    """63 bits of the low or the high half of such an MD5."""
    first = 17 if high else 1
    rest = ", ".join(f"SUBSTR({hexadecimal}, {at}, 2)" for at in range(first + 12, first - 1, -2))
    highest = f"MOD(CAST(CONCAT('0x', SUBSTR({hexadecimal}, {first + 14}, 2)) AS INT64), 128)"
    return f"(CAST(CONCAT('0x', {rest}) AS INT64) + {highest} * {_BITS_BELOW})"


def _key(high: str, low: str) -> str:
    """16 bytes, the highest first."""
    return f"FROM_HEX(FORMAT('%016x%016x', {high}, {low}))"


def _both(*, high: bool) -> str:
    return f"{number('sale_hex', high=high)} ^ {number('line_hex', high=high)}"


FROM_STAGED = _key("key_high", "key_low")
RENUMBERED = _key(_both(high=True), _both(high=False))
"""Of `sale_hex` and `line_hex`, the n-th line of a product."""
STORE_DAY_HEX = hex_of("COALESCE(s.region, '')", "COALESCE(s.store_id, CHR(30))", "CAST(s.sale_date AS STRING)")
SALE_HEX = hex_of("COALESCE(s.region, '')", "s.sale_id")
