"""Grey values as zeros and ones."""

from __future__ import annotations

import numpy as np
import pytest

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset, binarised

GREY = Dataset([[0.0, 0.8, 0.81, 1.0], [0.9, 0.2, 0.8, 0.5]], [2, 0], classes=3, name="grey", image_shape=(2, 2))


def test_pixels_above_the_threshold_are_one_and_labels_follow() -> None:
    plain = binarised(GREY)
    assert plain.inputs.tolist() == [[0, 0, 1, 1], [1, 0, 0, 0]]
    assert plain.image_shape == (2, 2)
    shown = binarised(GREY, threshold=0.4, labels=True)
    assert shown.inputs.tolist() == [[0, 1, 1, 1, 0, 0, 1], [1, 0, 1, 1, 1, 0, 0]]
    assert shown.image_shape is None
    assert shown.labels.tolist() == [2, 0]
    assert shown.inputs.dtype == np.float32


@pytest.mark.parametrize("threshold", [-0.1, 1.0, np.nan, "a"])
def test_bad_thresholds_are_refused(threshold) -> None:
    with pytest.raises(InvalidParameterError, match="threshold"):
        binarised(GREY, threshold=threshold)
    with pytest.raises(InvalidParameterError, match="Dataset"):
        binarised(GREY.inputs)
