"""The pipeline room: some rows of a source under its contract: their texts by column, and what is found in them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.domain.contract import Contract
from tillstream.pipeline.findings import Findings
from tillstream.pipeline.schema import TEXT
from tillstream.pipeline.text import Texts, constant, trimmed

Mask = npt.NDArray[np.bool_]


def missing_columns(header: Sequence[str], contract: Contract) -> list[str]:
    """Headers that the contract maps and the file lacks, in the contract's order."""
    present = set(header)
    return [name for name in dict.fromkeys(contract.columns.values()) if name not in present]


class Source:
    """cells: all texts, named by the file's headers. Columns of a sale line are found by their own names."""

    def __init__(self, cells: pa.Table, contract: Contract) -> None:
        self.contract, self.length = contract, cells.num_rows
        self.findings = Findings()
        self._text = {name: trimmed(cells.column(name), contract.missing) for name in cells.column_names}

    def maps(self, name: str) -> bool:
        return name in self.contract.columns

    def mapped(self, name: str) -> Texts:
        """Raises `KeyError` for a column that is not mapped, or a header that `missing_columns` would have named."""
        return self._text[self.contract.columns[name]]

    def given(self, name: str, otherwise: str = "") -> pa.Array:
        """The source's column; where none is mapped the contract's constant, else NULL."""
        if self.maps(name):
            return self.mapped(name).rows()
        return constant(otherwise, self.length) if otherwise else pa.nulls(self.length, TEXT)

    def others(self) -> dict[str, pa.Array]:
        """Header → texts of the columns that the contract maps to nothing."""
        taken = set(self.contract.columns.values())
        return {name: text.plain() for name, text in self._text.items() if name not in taken}

    def tell(self, wrong: Mask, code: str, name: str, text: Texts, detail: str = "") -> Mask:
        """wrong: bool (m,), of the words. The rows that hold them, bool (n,), each told."""
        rows = wrong[text.index]
        self.findings.add_where(rows, code, name, text.rows(), detail)
        return rows
