"""Data sets of the papers, one module each: parameters, one call of the library, a labelled result."""
