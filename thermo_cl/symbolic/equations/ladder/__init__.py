"""The ladder: rates, steady states, cuts, limits, bulk laws and their cost."""
