"""Networks under a time-dependent signal: propagators, periodic steady states, costs per cycle."""
