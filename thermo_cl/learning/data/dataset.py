"""One shape of data for every rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError

__all__ = ["Dataset"]


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Labelled examples.

    Parameters
    ----------
    inputs : array_like, shape (n, features)
        Numbers in [0, 1]; kept as float32.
    labels : array_like of int, shape (n,)
        In 0 ... classes - 1.
    classes : int
    name : str
        What a data set made from it is labelled with.
    image_shape : tuple of int, optional
        Rows and columns, if the features are the pixels of an image.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit, or an input or a label is out of range.
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
        x, y = np.asarray(inputs, dtype=np.float32), np.asarray(labels)
        if x.ndim != 2 or 0 in x.shape:
            raise InvalidParameterError("inputs.shape", x.shape, "(examples, features), neither of them 0")
        if y.shape != x.shape[:1] or y.dtype.kind not in "iu":
            raise InvalidParameterError("labels", f"{y.dtype} of shape {y.shape}", f"{x.shape[0]} whole numbers")
        if not (x.min() >= 0 and x.max() <= 1):
            raise InvalidParameterError("inputs", f"from {x.min()} to {x.max()}", "in [0, 1] in every entry")
        if y.min() < 0 or y.max() >= count:
            raise InvalidParameterError("labels", f"from {y.min()} to {y.max()}", f"in 0 ... {count - 1}")
        if image_shape is not None and int(np.prod(image_shape)) != x.shape[1]:
            raise InvalidParameterError("image_shape", image_shape, f"of {x.shape[1]} pixels")
        y = y.astype(np.int64)
        for array in (x, y):
            array.setflags(write=False)
        check.freeze(self, inputs=x, labels=y, classes=count, name=name, image_shape=image_shape)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Dataset({self.name}: {len(self)} examples, {self.inputs.shape[1]} features, {self.classes} classes)"

    def targets(self, dtype: Any = np.float32) -> Array:
        """One-hot labels, shape (n, classes)."""
        return np.eye(self.classes, dtype=dtype)[self.labels]

    def take(self, examples: ArrayLike | slice) -> Dataset:
        """Some of the examples, by index or slice."""
        index = examples if isinstance(examples, slice) else np.asarray(examples)
        return Dataset(
            self.inputs[index], self.labels[index], classes=self.classes, name=self.name, image_shape=self.image_shape
        )

    def split(self, first: int) -> tuple[Dataset, Dataset]:
        """The first so many examples, and the rest; both keep at least one."""
        count = check.integer_at_least("first", first, 1)
        if count >= len(self):
            raise InvalidParameterError("first", first, f"below {len(self)}, so that some examples are left")
        return self.take(slice(count)), self.take(slice(count, None))
