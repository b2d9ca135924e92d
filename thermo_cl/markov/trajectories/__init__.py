"""Exact jump trajectories: simulation, statistics and entropy along them."""
