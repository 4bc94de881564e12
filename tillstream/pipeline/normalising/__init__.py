"""Convert text cells to the typed columns of a sale line, as the contract defines. No I/O."""
