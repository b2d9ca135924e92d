"""Matrices of rates as other programs write them: .npz, .npy, .csv and Matrix Market files."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import scipy.sparse

from thermo_cl._types import Array

__all__ = ["CONVENTION", "FORMAT", "KINDS", "read_archive", "read_foreign"]

FORMAT = "thermo_cl rates, version 1"
CONVENTION = "rates[i, j] is the rate of the jump j -> i, in 1/time; columns sum to zero"
KINDS = (".npz", ".npy", ".csv", ".mtx")


def read_archive(path: Path) -> dict[str, Array]:
    """Every array of an .npz file, whose checksums are verified; objects are refused."""
    with path.open("rb") as file:
        content = np.load(file, allow_pickle=False)
        if isinstance(content, np.ndarray):
            raise ValueError("it is a single array; name it .npy")
        return {name: content[name] for name in content.files}


def read_foreign(path: Path, content: dict[str, Array]) -> Array | scipy.sparse.sparray:
    """The one matrix of a file; ``content`` is that of an .npz file.

    Raises
    ------
    OSError, ValueError, TypeError, EOFError
        If there is none, as the reader of its kind says it.
    """
    if path.suffix == ".npz":
        if {"format", "shape", "data"} <= set(content):
            return scipy.sparse.load_npz(path)
        if len(content) != 1:
            raise ValueError(f"it holds {', '.join(sorted(content)) or 'nothing'}, not one array")
        return next(iter(content.values()))
    if path.suffix == ".npy":
        with path.open("rb") as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    if path.suffix == ".csv":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an empty file
            return np.loadtxt(path, delimiter=",", ndmin=2, encoding="utf-8")
    from scipy.io import mmread

    with path.open("rb") as file:
        matrix = mmread(file)
    return scipy.sparse.coo_array(matrix) if scipy.sparse.issparse(matrix) else np.asarray(matrix)
