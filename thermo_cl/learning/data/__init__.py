"""Labelled examples, and where they come from."""

from thermo_cl.learning.data.dataset import Dataset

__all__ = ["Dataset"]
