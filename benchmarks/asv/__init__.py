"""Times that are followed from revision to revision: ``make asv``, or ``asv continuous BASE HEAD``.

Each is one call of the public library, warm. Ratios to peers and to slow ways are in ``python -m benchmarks``.
"""
