"""Quality checks: whether the marts have their keys, values and totals, after settlements and every night."""
