"""Figures of the papers, one module each: data sets in, a Figure out; nothing is computed here."""
