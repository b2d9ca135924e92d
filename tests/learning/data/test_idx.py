"""The IDX reader: what it reads, and every way a file can be wrong."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.learning.data.idx_files import idx_bytes
from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.learning.data import read_idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
CONTENT = idx_bytes(IMAGES)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def written(folder: Path, content: bytes) -> Path:
    path = folder / "images"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [CONTENT, gzip.compress(CONTENT), gzip.compress(CONTENT, 1)])
def test_plain_and_gzipped_files_are_read(content: bytes, tmp_path: Path) -> None:
    images = read_idx(written(tmp_path, content), axes=3, sha256=SHA256)
    assert_array_equal(images, IMAGES)
    assert images.dtype == np.uint8
    assert not images.flags.writeable


def test_lengths_are_big_endian_numbers_of_32_bits(tmp_path: Path) -> None:
    labels = np.arange(70_000) % 10
    path = written(tmp_path, b"\x00\x00\x08\x01\x00\x01\x11\x70" + bytes(labels.tolist()))
    assert_array_equal(read_idx(path, axes=1), labels)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "begins with nothing, not 00 00 08 03"),
        (b"P5 28", "begins with 50 35 20 32, not 00 00 08 03"),
        (idx_bytes(IMAGES[0, 0]), "begins with 00 00 08 01, not 00 00 08 03"),
        (b"\x00\x00\x0d\x03" + CONTENT[4:], "begins with 00 00 0d 03"),  # elements of another type
        (CONTENT[:11], "header ends after 11 of 16 bytes"),
        (CONTENT[:-1], "truncated: 39 of 40 bytes for 2 x 3 x 4"),
        (CONTENT[:16], "truncated: 16 of 40 bytes"),
        (CONTENT + b"\x00", "too long: 41 instead of 40 bytes"),
        (CONTENT[:4] + b"\xff" * 12 + CONTENT[16:], "truncated: 40 of 79228162458924105385300197391 bytes"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_malformed_files_are_refused(content: bytes, problem: str, zipped: bool, tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(content) if zipped else content)
    with pytest.raises(DataError, match=problem) as caught:
        read_idx(path, axes=3, sha256=SHA256)
    assert str(path) in str(caught.value)
    assert hashlib.sha256(content).hexdigest() in str(caught.value)
    assert SHA256 in str(caught.value)


ZIPPED = gzip.compress(idx_bytes(np.random.default_rng(0).integers(0, 256, (20, 10, 10), dtype=np.uint8)))


@pytest.mark.parametrize(
    "damaged",
    [
        ZIPPED[: len(ZIPPED) // 2],
        ZIPPED[:-1],
        ZIPPED[:2],
        ZIPPED[:800] + b"\xff\xff\xff\xff" + ZIPPED[804:],  # inside the compressed stream
        ZIPPED[:10] + b"\xff\xff\xff\xff" + ZIPPED[14:],  # its first block
        ZIPPED[:-8] + b"\x00\x00\x00\x00" + ZIPPED[-4:],  # the check sum
        ZIPPED + b"more",
    ],
)
def test_damaged_gzip_files_are_refused(damaged: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, damaged)
    with pytest.raises(DataError, match="damaged gzip file") as caught:
        read_idx(path, axes=3, sha256=SHA256)
    assert str(path) in str(caught.value)
    assert hashlib.sha256(damaged).hexdigest() in str(caught.value)
    assert SHA256 in str(caught.value)


def test_another_content_is_refused_by_its_checksum(tmp_path: Path) -> None:
    other = CONTENT[:-1] + b"\x00"
    path = written(tmp_path, other)
    with pytest.raises(DataError, match="not the file it should be") as caught:
        read_idx(path, axes=3, sha256=SHA256)
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(other).hexdigest() in str(caught.value)
    assert read_idx(path, axes=3)[-1, -1, -1] == 0


def test_unreadable_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere cannot be read: No such file"):
        read_idx(tmp_path / "nowhere", axes=1)
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_idx(tmp_path, axes=1)
    with pytest.raises(InvalidParameterError, match="axes"):
        read_idx(tmp_path, axes=0)
