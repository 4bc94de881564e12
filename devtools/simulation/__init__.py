"""A simulated company: its files, tills, people and crashes, and an independent model of its books."""
