"""Learning rules: phases, dual propagation, equilibrium propagation."""
