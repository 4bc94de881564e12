"""Entries of the catalogue and their rules: products, stores, salespeople, promotions and suppliers."""
