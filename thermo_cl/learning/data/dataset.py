"""One shape of data for every rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thermo_cl import _validate as check
from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["Dataset", "from_pixels"]


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Labelled examples.

    Parameters
    ----------
    inputs : array_like, shape (n, features)
        Numbers in [0, 1]; kept as float32, read-only. A float32 array that is read-only already is kept without a
        copy; anything else is copied.
    labels : array_like of int, shape (n,)
        In 0 ... classes - 1.
    classes : int
        At least 2.
    name : str
        What a data set made from it is labelled with.
    image_shape : tuple of int, optional
        Rows and columns, if the features are the pixels of an image.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, or an input or a label is not a number or out of range.
    """

    inputs: Array
    labels: IntArray
    classes: int
    name: str
    image_shape: tuple[int, ...] | None

    def __init__(
        self,
        inputs: ArrayLike,
        labels: ArrayLike,
        *,
        classes: int,
        name: str,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        count = check.integer_at_least("classes", classes, 2)
        if not isinstance(name, str) or not name:
            raise InvalidParameterError("name", name, "a text that is not empty")
        x, y = _inputs(inputs), _labels(labels, count)
        if len(y) != len(x):
            raise InvalidParameterError("labels.shape", y.shape, f"({len(x)},), one for each example")
        pixels = None if image_shape is None else _image_shape(image_shape, x.shape[1])
        check.freeze(self, inputs=x, labels=y, classes=count, name=name, image_shape=pixels)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Dataset({self.name}: {len(self)} examples, {self.inputs.shape[1]} features, {self.classes} classes)"

    def targets(self, dtype: Any = np.float32) -> Array:
        """One-hot labels, shape (n, classes)."""
        return np.eye(self.classes, dtype=dtype)[self.labels]

    def take(self, examples: ArrayLike | slice) -> Dataset:
        """Some of the examples, at least one.

        Parameters
        ----------
        examples : slice, or array_like of int or bool, shape (k,)
            A slice gives views of this set's arrays, an array copies what it names.

        Raises
        ------
        InvalidParameterError
            If nothing would be left, or an index is out of range.
        """
        index = examples if isinstance(examples, slice) else np.asarray(examples)
        if not isinstance(index, slice) and (index.ndim != 1 or index.dtype.kind not in "iub"):
            raise InvalidParameterError("examples", examples, "a slice, or whole numbers or a mask along one axis")
        try:
            x, y = self.inputs[index], self.labels[index]
        except (IndexError, TypeError, ValueError) as error:  # index out of range; slice of text; step 0
            raise InvalidParameterError("examples", examples, f"within {len(self)} examples ({error})") from None
        if not len(y):
            raise InvalidParameterError("examples", examples, f"at least one of {len(self)} examples")
        x.setflags(write=False)
        y.setflags(write=False)
        part = object.__new__(type(self))  # rows of valid rows are valid: not checked again
        check.freeze(part, inputs=x, labels=y, classes=self.classes, name=self.name, image_shape=self.image_shape)
        return part

    def split(self, first: int) -> tuple[Dataset, Dataset]:
        """The first so many examples, and the rest; both keep at least one."""
        count = check.integer_at_least("first", first, 1)
        if count >= len(self):
            raise InvalidParameterError("first", first, f"below {len(self)}, so that some examples are left")
        return self.take(slice(count)), self.take(slice(count, None))


def from_pixels(images: NDArray[np.uint8], labels: NDArray[np.uint8], *, classes: int, name: str) -> Dataset:
    """Data set of images, shape (n, rows, columns), whose pixels 0 ... 255 are divided by 255."""
    inputs = np.divide(images.reshape(len(images), -1), np.float32(255), dtype=np.float32)
    inputs.setflags(write=False)  # handed over without a copy
    return Dataset(inputs, labels, classes=classes, name=name, image_shape=images.shape[1:])


def _numbers(name: str, values: ArrayLike, kinds: str, valid: str) -> Array:
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        raise InvalidParameterError(name, "something ragged", valid) from None
    if array.dtype.kind not in kinds:
        raise InvalidParameterError(name, f"{array.dtype} of shape {array.shape}", valid)
    return array


def _inputs(values: ArrayLike) -> Array:
    given = _numbers("inputs", values, "biuf", "real numbers of shape (examples, features)")
    if given.ndim != 2 or 0 in given.shape:
        raise InvalidParameterError("inputs.shape", given.shape, "(examples, features), neither of them 0")
    if not (given.min() >= 0 and given.max() <= 1):
        raise InvalidParameterError("inputs", f"from {given.min()} to {given.max()}", "in [0, 1] in every entry")
    x = given.astype(np.float32, order="C", copy=given.flags.writeable)
    x.setflags(write=False)
    return x


def _labels(values: ArrayLike, classes: int) -> IntArray:
    given = _numbers("labels", values, "iu", "whole numbers, one for each example")
    if given.ndim != 1:
        raise InvalidParameterError("labels.shape", given.shape, "(examples,)")
    if given.size and (given.min() < 0 or given.max() >= classes):
        raise InvalidParameterError("labels", f"from {given.min()} to {given.max()}", f"in 0 ... {classes - 1}")
    y = given.astype(np.int64)
    y.setflags(write=False)
    return y


def _image_shape(shape: tuple[int, ...], features: int) -> tuple[int, ...]:
    lengths = tuple(check.integer_at_least("image_shape", n, 1) for n in shape)
    if int(np.prod(lengths)) != features:
        raise InvalidParameterError("image_shape", shape, f"of {features} pixels")
    return lengths
