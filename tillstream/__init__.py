"""Tillstream gathers sales from every region and store, and proves that none was lost or counted twice."""

__version__ = "0.1.0"
