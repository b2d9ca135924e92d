"""Fluctuations of time-integrated currents and of observables: cumulants, bounds, noise."""
