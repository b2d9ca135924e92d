"""The IDX file format, in which MNIST and its drop-in replacements are published."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermo_cl import _validate as check
from thermo_cl.errors import DataError

__all__ = ["read_idx"]

_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08  # the only one of the format's six element types that image sets use


def read_idx(path: str | Path, *, axes: int, sha256: str | None = None) -> NDArray[np.uint8]:
    """Array of unsigned bytes from an IDX file, plain or gzipped.

    The format: two zero bytes, the element type (8: unsigned byte), the number of axes, each length as a 32-bit
    big-endian number, and the elements in C order (LeCun, Cortes, Burges, "The MNIST database", 1998).

    Parameters
    ----------
    path : path-like
        Whether it is gzipped is seen from its first bytes, not from its name.
    axes : int
        How many it must have: 1 for labels, 3 for images.
    sha256 : str, optional
        Checksum that the uncompressed content must have, in hexadecimal; whoever compressed it, it is the same.

    Returns
    -------
    ndarray of uint8
        Read-only view of the content.

    Raises
    ------
    DataError
        If the file cannot be read, is corrupted, truncated, too long, not of this format, or of another checksum.
        The message names the file, its checksum and the one expected.
    """
    axes = check.integer_at_least("axes", axes, 1)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if content.startswith(_GZIP):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            found = hashlib.sha256(content).hexdigest()
            expected = f", of intact content {sha256}" if sha256 else ""
            raise DataError(
                f"{path} is a damaged gzip file ({error}): its sha256 is {found}{expected}; copy or download it again"
            ) from None
    found = hashlib.sha256(content).hexdigest()
    sums = f"the sha256 of its content is {found}" + (f", expected {sha256}" if sha256 else "")
    problem = _problem(content, axes)
    if problem:
        raise DataError(f"{path} is not a complete IDX file: {problem}; {sums}")
    if sha256 and found != sha256:
        raise DataError(f"{path} is not the file it should be: {sums}")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(_lengths(content, axes))


def _lengths(content: bytes, axes: int) -> tuple[int, ...]:
    return tuple(int(n) for n in np.frombuffer(content, ">u4", axes, offset=4))


def _problem(content: bytes, axes: int) -> str | None:
    """What is wrong with the content, if anything."""
    header = 4 + 4 * axes
    magic = bytes((0, 0, _UNSIGNED_BYTE, axes))
    if content[:4] != magic:
        return f"it begins with {content[:4].hex(' ') or 'nothing'}, not {magic.hex(' ')}"
    if len(content) < header:
        return f"its header ends after {len(content)} of {header} bytes"
    lengths = _lengths(content, axes)
    size = header + math.prod(lengths)
    if len(content) != size:
        shape = " x ".join(map(str, lengths))
        short = f"truncated: {len(content)} of" if len(content) < size else f"too long: {len(content)} instead of"
        return f"{short} {size} bytes for {shape} elements"
    return None
