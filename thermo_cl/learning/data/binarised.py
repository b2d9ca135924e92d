"""Grey values as zeros and ones, for models of binary units."""

from __future__ import annotations

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data.dataset import Dataset

__all__ = ["binarised"]


def binarised(data: Dataset, *, threshold: float = 0.8, labels: bool = False) -> Dataset:
    """The data set whose inputs are 1 above a threshold and 0 up to it.

    Williams et al. (ICML 2023) take 0.8, and show the label with each picture: 784 + 10 inputs for MNIST.

    Parameters
    ----------
    data : Dataset
    threshold : float
        In [0, 1).
    labels : bool
        Append the one-hot label to every row.

    Returns
    -------
    Dataset
        Without an image shape if labels are appended.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    if not isinstance(data, Dataset):
        raise InvalidParameterError("data", type(data).__name__, "a Dataset")
    limit = check.single("threshold", check.non_negative("threshold", threshold))
    if limit >= 1.0:
        raise InvalidParameterError("threshold", limit, "at least 0 and below 1")
    x = (data.inputs > np.float32(limit)).astype(np.float32)
    if labels:
        x = np.concatenate([x, data.targets()], axis=1)
    x.setflags(write=False)  # handed over without a copy
    shape = None if labels else data.image_shape
    return Dataset(x, data.labels, classes=data.classes, name=f"{data.name}, binarised", image_shape=shape)
