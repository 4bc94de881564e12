"""What was sold, read from the marts as series."""
