"""Stock that order policies need for the same fill rate, simulated over public sales."""
