"""Digits and bars-and-stripes, and data sets by name."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.learning.data import DATASETS, bars_and_stripes, digits, mnist12k, split


def test_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    data = digits()
    images, labels = load_digits(return_X_y=True)
    assert data.inputs.shape == (1797, 64)
    assert_array_equal(data.inputs * 16, images)
    assert_array_equal(data.labels, labels)
    assert (data.inputs.min(), data.inputs.max()) == (0, 1)
    assert (data.classes, data.image_shape, data.name) == (10, (8, 8), "digits")


@pytest.mark.parametrize("ask", [digits, lambda: split("digits", 1, 1)])
def test_without_scikit_learn_the_message_says_what_to_install(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match=r"scikit-learn is not installed: `pip install thermo-cl\[data\]`"):
        ask()


@pytest.mark.parametrize(("size", "entropy"), [(1, np.log(2)), (3, 2.599), (4, 3.379)])
def test_bars_and_stripes_is_complete(size: int, entropy: float) -> None:
    data = bars_and_stripes(size)
    assert data.inputs.shape == (2 * 2**size, size**2)
    assert (data.classes, data.image_shape, data.name) == (2, (size, size), "bars-and-stripes")
    rows, counts = np.unique(data.inputs, axis=0, return_counts=True)
    assert len(rows) == 2 * 2**size - 2
    assert_array_equal(rows[counts == 2], [[0] * size**2, [1] * size**2])
    p = counts / counts.sum()
    assert_allclose(-(p * np.log(p)).sum(), entropy, atol=5e-4)
    assert_allclose(-(p * np.log(p)).sum(), np.log(2 ** (size + 1)) - 2 ** (1 - size) * np.log(2), rtol=1e-14)


def test_bars_stand_and_stripes_lie() -> None:
    data = bars_and_stripes(4)
    for picture, label in zip(data.inputs.reshape(-1, 4, 4), data.labels, strict=True):
        lines = picture if label == 0 else picture.T
        assert all((a == b).all() for a, b in pairwise(lines))
    assert_array_equal(data.labels, [0, 1] * 16)


@pytest.mark.parametrize("size", [0, -1, 17, 2.5, "4"])
def test_sizes_out_of_range_are_refused(size) -> None:
    with pytest.raises(InvalidParameterError, match="size"):
        bars_and_stripes(size)


def test_split_takes_the_first_and_the_next() -> None:
    whole = digits()
    train, holdout = split("digits", 1500, 297)
    assert_array_equal(train.inputs, whole.inputs[:1500])
    assert_array_equal(holdout.inputs, whole.inputs[1500:])
    assert_array_equal(holdout.labels, whole.labels[1500:])
    train, holdout = split("mnist12k", 20, 10)
    assert_array_equal(np.concatenate([train.labels, holdout.labels]), mnist12k().labels[:30])
    assert [len(part) for part in split("bars-and-stripes", 24, 8)] == [24, 8]
    assert DATASETS == ("mnist12k", "mnist", "digits", "bars-and-stripes")


def test_impossible_splits_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"train \+ holdout = 33 .* at most 32, .* bars-and-stripes"):
        split("bars-and-stripes", 25, 8)
    with pytest.raises(InvalidParameterError, match=r"'mnst' .* mnist12k, mnist, digits, .*nearest is mnist\)"):
        split("mnst", 1, 1)
    with pytest.raises(InvalidParameterError, match="one of mnist12k"):
        split("", 1, 1)
    with pytest.raises(InvalidParameterError, match="digits is not read from a folder"):
        split("digits", 1, 1, "somewhere")
    for name in DATASETS:  # refused before anything is read
        for train, holdout, argument in ((0, 1, "train"), (1, 0, "holdout"), (1.5, 1, "train")):
            with pytest.raises(InvalidParameterError, match=f"^{argument} = "):
                split(name, train, holdout)
