"""Region contracts: those that ship, their loader, and every version that has read a file."""
