"""Small data sets, for tests and for models whose likelihood can be computed exactly."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data._optional import optional_module
from thermo_cl.learning.data.dataset import Dataset

__all__ = ["bars_and_stripes", "digits"]

_LARGEST = 16  # 131,072 rows, 134 MB


def digits() -> Dataset:
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels (extra ``data``).

    The test part of Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI repository (1998).

    Returns
    -------
    Dataset
        Pixels (0 ... 16 in the source) divided by 16, 10 classes, in scikit-learn's order.

    Raises
    ------
    DataError
        If scikit-learn is not installed.
    """
    source = optional_module("sklearn.datasets", "scikit-learn").load_digits()
    return Dataset(np.float32(source.data) / 16, np.int64(source.target), classes=10, name="digits", image_shape=(8, 8))


def bars_and_stripes(size: int = 4) -> Dataset:
    """Every picture of vertical bars or horizontal stripes, each bar or stripe being 0 or 1 throughout.

    ``2 * 2**size`` rows. The two uniform pictures are both bars and stripes and occur twice, so that the entropy of
    a row drawn at random is ``log(2**(size + 1)) - 2**(1 - size) log 2`` nats (3.379 for size 4), the bound on the
    negative log-likelihood of a model (MacKay, Information Theory, Inference, and Learning Algorithms, 2003, ch. 43).

    Parameters
    ----------
    size : int
        Rows and columns of a picture, 1 ... 16.

    Returns
    -------
    Dataset
        Label 0 for bars, 1 for stripes, in turn, so that both are equally frequent among the first rows.

    Raises
    ------
    InvalidParameterError
        If ``size`` is out of range.
    """
    n = check.integer_at_least("size", size, 1)
    if n > _LARGEST:
        raise InvalidParameterError("size", size, f"at most {_LARGEST}, which has {2 << _LARGEST} rows")
    values = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.float32)
    pictures = np.empty((2**n, 2, n, n), np.float32)
    pictures[:, 0] = values[:, None, :]
    pictures[:, 1] = values[:, :, None]
    return Dataset(
        pictures.reshape(-1, n * n),
        np.tile([0, 1], 2**n),
        classes=2,
        name="bars-and-stripes",
        image_shape=(n, n),
    )
