"""How long the library takes, beside the papers' straightforward pipeline: ``python -m benchmarks``."""
