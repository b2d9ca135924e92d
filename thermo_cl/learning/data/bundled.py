"""The first 12,000 training images of MNIST, which come with the package."""

from __future__ import annotations

import bz2
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermo_cl.errors import DataError
from thermo_cl.learning.data.dataset import Dataset, from_pixels

__all__ = ["BUNDLE", "COUNT", "SHA256", "SIDE", "mnist12k", "pack"]

COUNT, SIDE = 12_000, 28
BUNDLE = Path(__file__).with_name("mnist12k.bz2")
SHA256 = "a775f93a9741560f7bfa3fdeeb1382ad383650a7a73e03be7638888430b52bbd"


def mnist12k() -> Dataset:
    """The first 12,000 training images of MNIST with their labels, in the original order; no download needed.

    LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998), under CC BY-SA 3.0; the note
    ``mnist12k.md`` beside the bundled file has the licence and the changes.

    Returns
    -------
    Dataset
        28 x 28 pixels divided by 255, float32 (38 MB), 10 classes.

    Raises
    ------
    DataError
        If the bundled file is missing or damaged; the message names it, its checksum and the one expected.
    """
    again = "install the package again"
    try:
        data = BUNDLE.read_bytes()
    except OSError as error:
        raise DataError(f"{BUNDLE} cannot be read ({error.strerror or error}); {again}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise DataError(f"{BUNDLE} is damaged: its sha256 is {found}, expected {SHA256}; {again}")
    content = np.frombuffer(bz2.decompress(data), np.uint8)
    images, labels = np.split(content, [COUNT * SIDE * SIDE])
    return from_pixels(images.reshape(COUNT, SIDE, SIDE), labels, classes=10, name="mnist12k")


def pack(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bytes:
    """Content of the bundled file: the pixels of 12,000 images in C order, then the labels, one byte each, as bzip2."""
    return bz2.compress(images[:COUNT].tobytes() + labels[:COUNT].tobytes(), 9)
