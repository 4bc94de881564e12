"""Commands for the tills of stores: their keys, and their messages in quarantine."""
