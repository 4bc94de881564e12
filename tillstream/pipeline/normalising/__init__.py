"""Normalising: text cells become the typed columns of a sale line, by the contract. No I/O."""
