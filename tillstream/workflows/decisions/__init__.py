"""Work of users that writes the ledger, or previews a settlement: in this process or in the function `decide`."""
