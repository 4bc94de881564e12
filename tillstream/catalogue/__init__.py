"""The catalogue: products, stores, salespeople, promotions and suppliers, with their history.

Documents are the truth; the warehouse has a mirror of them. Each change raises the revision of the catalogue by one.
"""
