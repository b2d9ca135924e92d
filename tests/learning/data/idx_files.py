"""IDX files written by hand, and tiny folders in the layout of MNIST."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PARTS = {"train": 30, "t10k": 20}


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """The format as its definition says: magic number, lengths, elements."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + bytes(array.ravel().tolist())


def tiny_contents() -> dict[str, bytes]:
    """Four files of 4 x 3 pixels under MNIST's names."""
    generator = np.random.default_rng(5)
    contents = {}
    for part, count in PARTS.items():
        pixels = generator.integers(0, 256, (count, 4, 3), dtype=np.uint8)
        contents[f"{part}-images-idx3-ubyte"] = idx_bytes(pixels)
        contents[f"{part}-labels-idx1-ubyte"] = idx_bytes(np.arange(count, dtype=np.uint8) % 10)
    return contents


def write_folder(folder: Path, *, zipped: bool = False, dots: bool = False) -> Path:
    """A folder with the four tiny files."""
    for name, content in tiny_contents().items():
        stem = name.replace("-idx", ".idx") if dots else name
        path = folder / (f"{stem}.gz" if zipped else stem)
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder
