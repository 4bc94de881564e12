"""What is needed to turn amounts into comparable numbers. Imports the domain and the ports."""
