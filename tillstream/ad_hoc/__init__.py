"""Queries that people write in SQL, on the marts, within their scope."""
