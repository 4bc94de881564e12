"""The stores room: what stores send by themselves."""
