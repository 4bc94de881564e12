"""Every value of a copy is exact."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
from connectors.rows.postgresql_server import PASSWORD, Shop, postgresql_server
from connectors.rows.postgresql_server import shop as database

from tillstream.adapters.postgresql.address import parse_address
from tillstream.adapters.postgresql.read_copy import PostgreSQLReadCopy
from tillstream.marts.copy import SummedRows
from tillstream.marts.tables import BIGNUMERIC, MartColumn, MartTable
from tillstream.model.columns import ColumnKind
from tillstream.ports.warehouse import CopyColumn, CopyMark, CopyTable

__all__ = ["database", "postgresql_server"]
TEXTS = ["", None, 'a,"b"', "\\.", "\\N", "x\r\ny\rz\nw", "Größe 🙂 देव", " ' ", "NULL", "null"]
LARGEST = Decimal("99999999999999999999.123456789012345678")
VALUES = {
    "number": pa.array(range(len(TEXTS) + 1), pa.int64()),
    "name": pa.array([*TEXTS, "nul\x00byte"], pa.string()),
    "day": pa.array([None, date(1, 1, 1), date(9999, 12, 31), *[date(2026, 2, 28)] * 8], pa.date32()),
    "amount": pa.array([None, LARGEST, -LARGEST, *[Decimal("0.1")] * 8], pa.decimal128(38, 18)),
    "units": pa.array([None, 2**63 - 1, -(2**63), *[5] * 8], pa.int64()),
    "active": pa.array([None, True, False, *[True] * 8], pa.bool_()),
}
KINDS = {
    "number": ColumnKind.INT64,
    "name": ColumnKind.STRING,
    "day": ColumnKind.DATE,
    "amount": BIGNUMERIC,
    "units": ColumnKind.INT64,
    "active": ColumnKind.BOOL,
}


def test_values_and_totals_are_exact(database: Shop) -> None:
    database.run(f"GRANT CREATE ON DATABASE {database.name} TO reader")
    address = parse_address(database.url.replace("//", "//reader@"))
    target = PostgreSQLReadCopy(address, "127.0.0.1", PASSWORD, "Odd")
    columns = tuple(
        CopyColumn(
            name,
            ColumnKind.NUMERIC if kind == BIGNUMERIC else ColumnKind(kind),
            18 if kind == BIGNUMERIC else 0,
            "it's %s",
        )
        for name, kind in KINDS.items()
    )
    table = CopyTable("values", "what's 100 % exact", columns, ("number",))
    declared = MartTable("values", ("number",), tuple(MartColumn(name, kind) for name, kind in KINDS.items()))
    summed = SummedRows(declared, pa.table(VALUES).to_batches(max_chunksize=3))
    with target.transaction() as transaction:
        assert transaction.prepare(table)
        transaction.replace(table, None, summed)
        assert transaction.totals(table) == {"": summed.totals}
        transaction.finish(CopyMark(0, "", "{}"))
    with database.connect() as connection:
        rows = connection.execute('SELECT * FROM "Odd".values ORDER BY number').fetchall()
    stored = pa.table(VALUES | {"name": [*TEXTS, "nul\ufffdbyte"]})
    assert rows == list(zip(*(column.to_pylist() for column in stored.columns), strict=True))
