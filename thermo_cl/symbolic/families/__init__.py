"""Kernel families: moments, coefficients and numbers of any kernel that sympy can write."""
