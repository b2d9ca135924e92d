"""The full MNIST database of handwritten digits, from files or the network."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.learning.data.dataset import Dataset, from_pixels
from thermo_cl.learning.data.download import download_mnist
from thermo_cl.learning.data.idx import read_idx

__all__ = ["CONTENTS", "FOLDER_VARIABLE", "mnist", "read_part"]

FOLDER_VARIABLE = "THERMO_CL_MNIST"
CONTENTS = {  # sha256 of the uncompressed files
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_PARTS = {"train": "train", "t10k": "test"}
_CLASSES = 10


def mnist(folder: str | Path | None = None, *, verify: bool = True) -> tuple[Dataset, Dataset]:
    """MNIST: 60,000 training and 10,000 test images of 28 x 28 pixels, in the order of the files.

    The files are looked for in ``folder``, else in the folder that the environment variable ``THERMO_CL_MNIST``
    names; if neither is given, pooch downloads them once into the user's cache (extra ``data``).

    LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998), under CC BY-SA 3.0.

    Parameters
    ----------
    folder : path-like, optional
        With the four files under their original names (``train-images-idx3-ubyte`` and so on, or
        ``train-images.idx3-ubyte``), plain or gzipped with ``.gz`` at the end. Of several, the first in this order.
    verify : bool
        Whether the content must have the checksums of MNIST. Switch it off for another set under the same names,
        such as Fashion-MNIST: 10 classes, any number and size of images. Downloads are always verified.

    Returns
    -------
    train, test : Dataset
        Pixels divided by 255, float32 (188 MB and 31 MB). Named ``mnist-train`` and ``mnist-test``, or after the
        folder if it is not verified.

    Raises
    ------
    InvalidParameterError
        If the folder does not exist.
    DataError
        If the variable names no folder, a file is missing, damaged or of another checksum, the files do not fit
        together, a label is above 9, or the download fails.
    """
    place = _folder(folder)
    checked = verify or place is None
    place = download_mnist() if place is None else place
    name = "mnist" if checked else place.resolve().name
    train, test = (_dataset(place, part, f"{name}-{suffix}", checked) for part, suffix in _PARTS.items())
    if train.image_shape != test.image_shape:
        raise DataError(
            f"the images in {place} do not fit together: {train.image_shape} for training, {test.image_shape} for test"
        )
    return train, test


def read_part(folder: Path, part: str, *, verify: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images, shape (n, rows, columns), and labels of the ``train`` or ``t10k`` files in a folder."""
    arrays = []
    for kind, axes in (("images", 3), ("labels", 1)):
        stem = f"{part}-{kind}-idx{axes}-ubyte"
        arrays.append(read_idx(_find(folder, stem), axes=axes, sha256=CONTENTS[stem] if verify else None))
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(f"the {part} files in {folder} do not fit together: {len(images)} images, {len(labels)} labels")
    if not images.size:
        raise DataError(f"the {part} files in {folder} hold no pixel: their images are of shape {images.shape}")
    return images, labels


def _dataset(folder: Path, part: str, name: str, verify: bool) -> Dataset:
    images, labels = read_part(folder, part, verify=verify)
    if labels.max() >= _CLASSES:
        raise DataError(f"the {part} labels in {folder} go up to {labels.max()}, not to {_CLASSES - 1} at most")
    return from_pixels(images, labels, classes=_CLASSES, name=name)


def _folder(folder: str | Path | None) -> Path | None:
    given = folder if folder is not None else os.environ.get(FOLDER_VARIABLE) or None
    if given is None:
        return None
    path = Path(os.path.expanduser(given))  # noqa: PTH111 - pathlib's raises where there is no such user
    wanted = "a folder with the four IDX files of MNIST"
    if path.is_dir():
        return path
    if folder is None:
        raise DataError(f"the environment variable {FOLDER_VARIABLE} names {given}, which is not {wanted}")
    raise InvalidParameterError("folder", str(given), wanted)


def _find(folder: Path, stem: str) -> Path:
    plain = (stem, stem.replace("-idx", ".idx"))
    names = (*plain, *(f"{name}.gz" for name in plain))
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{folder} has no {names[0]} (sha256 {CONTENTS[stem]}); also accepted: {', '.join(names[1:])}")
