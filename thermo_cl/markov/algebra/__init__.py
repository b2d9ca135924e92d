"""Linear algebra of generators as plain arrays: eliminations, inverses, residuals. Knows nothing of networks."""
