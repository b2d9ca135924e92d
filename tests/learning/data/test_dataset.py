"""The shape of data that every rule takes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset


def made(inputs=((0, 0.5, 1), (1, 0, 0)), labels=(0, 1), **options) -> Dataset:
    return Dataset(inputs, labels, **{"classes": 2, "name": "made", **options})


def numbered(n: int = 6) -> Dataset:
    return Dataset(np.arange(n)[:, None] / n, np.arange(n), classes=n, name="numbered", image_shape=(1, 1))


def test_fields() -> None:
    data = made(image_shape=[1, 3])
    assert data.inputs.dtype == np.float32
    assert data.labels.dtype == np.int64
    assert (len(data), data.classes, data.name, data.image_shape) == (2, 2, "made", (1, 3))
    assert repr(data) == "Dataset(made: 2 examples, 3 features, 2 classes)"
    assert_array_equal(data.targets(), [[1, 0], [0, 1]])
    assert data.targets().dtype == np.float32
    assert data.targets(np.float64).dtype == np.float64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": []}, "inputs.shape"),
        ({"inputs": np.zeros((0, 3)), "labels": np.zeros(0, int)}, "inputs.shape"),
        ({"inputs": np.zeros((2, 0))}, "inputs.shape"),
        ({"inputs": np.zeros(2)}, "inputs.shape"),
        ({"inputs": np.zeros((2, 3, 3))}, "inputs.shape"),
        ({"inputs": [[0, np.nan], [0, 0]]}, "inputs = 'from nan to nan'"),
        ({"inputs": [[0, np.inf], [0, 0]]}, "inputs = 'from 0.0 to inf'"),
        ({"inputs": [[0, 1e300], [0, 0]]}, r"inputs = 'from 0.0 to 1e\+300'"),
        ({"inputs": np.full((2, 3), 255, np.uint8)}, r"from 255 to 255.*\[0, 1\]"),
        ({"inputs": [[0, -0.1], [0, 0]]}, "from -0.1 to 0.0"),
        ({"inputs": [["a"], ["b"]]}, "real numbers"),
        ({"inputs": [[1j], [0]]}, "real numbers"),
        ({"inputs": [[0, 1], [0]]}, "ragged"),
        ({"labels": [0]}, r"labels.shape = \(1,\) .* \(2,\)"),
        ({"labels": [[0], [1]]}, "labels.shape"),
        ({"labels": []}, "labels"),
        ({"labels": np.zeros(0, int)}, r"labels.shape = \(0,\)"),
        ({"labels": [0.0, 1.0]}, "float64 .* whole numbers"),
        ({"labels": [False, True]}, "bool .* whole numbers"),
        ({"labels": ["0", "1"]}, "whole numbers"),
        ({"labels": [0, 2]}, r"from 0 to 2.* 0 \.\.\. 1"),
        ({"labels": [-1, 0]}, "from -1 to 0"),
        ({"labels": np.array([0, 2**64 - 1], np.uint64)}, "from 0 to 18446744073709551615"),
        ({"classes": 1}, "classes"),
        ({"classes": 2.5}, "classes"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"image_shape": (2, 2)}, r"image_shape = \(2, 2\) .* 3 pixels"),
        ({"image_shape": (-1, -3)}, "image_shape"),
        ({"image_shape": (1.5, 2)}, "image_shape"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        made(**change)


def test_arrays_are_read_only_and_the_caller_keeps_his_own() -> None:
    inputs, labels = np.zeros((3, 2), np.float32), np.zeros(3, np.int64)
    data = made(inputs, labels)
    for array in (data.inputs, data.labels, data.take([0]).inputs, data.take(slice(2)).labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    inputs[:], labels[:] = 1, 1  # still writable, and without effect
    assert not data.inputs.any()
    assert not data.labels.any()


def test_read_only_arrays_are_not_copied() -> None:
    inputs = np.zeros((3, 2), np.float32)
    inputs.setflags(write=False)
    assert np.shares_memory(made(inputs, [0, 1, 0]).inputs, inputs)


def test_take() -> None:
    data = numbered()
    for examples in ([4, 0, 4], np.array([-2, 0, -2]), slice(1, 4), slice(None, None, -2), np.arange(6) > 3):
        part = data.take(examples)
        wanted = np.arange(6)[examples]
        assert_array_equal(part.labels, wanted)
        assert_array_equal(part.inputs[:, 0], (wanted / 6).astype(np.float32))
        assert (part.classes, part.name, part.image_shape) == (6, "numbered", (1, 1))
        assert np.shares_memory(part.inputs, data.inputs) == isinstance(examples, slice)


@pytest.mark.parametrize(
    "examples",
    [[], [6], [-7], slice(6, None), slice(0), slice(None, None, 0), slice("a"), [0.5], 2, [[0]], "a", None,
     np.zeros(6, bool), np.ones(5, bool)],
)  # fmt: skip
def test_impossible_choices_are_refused(examples) -> None:
    with pytest.raises(InvalidParameterError, match="examples"):
        numbered().take(examples)


def test_split() -> None:
    first, rest = numbered().split(4)
    assert_array_equal(first.labels, [0, 1, 2, 3])
    assert_array_equal(rest.labels, [4, 5])
    for count in (0, 6, 7, 1.5):
        with pytest.raises(InvalidParameterError, match="first"):
            numbered().split(count)
