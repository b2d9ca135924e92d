"""What the explorer ships: the table of the frontier."""
