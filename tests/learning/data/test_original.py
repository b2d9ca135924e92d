"""MNIST from a folder, on tiny files of the same layout."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.learning.data.idx_files import PARTS, idx_bytes, tiny_contents, write_folder
from thermo_cl.errors import DataError, InvalidParameterError
from thermo_cl.learning.data import download, mnist, original, split


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny files stand in for MNIST, checksums included."""
    for name, content in tiny_contents().items():
        monkeypatch.setitem(original.CONTENTS, name, hashlib.sha256(content).hexdigest())


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dots", [False, True])
def test_files_are_found_under_their_names(zipped: bool, dots: bool, tmp_path: Path) -> None:
    train, test = mnist(write_folder(tmp_path, zipped=zipped, dots=dots))
    for data, part in ((train, "train"), (test, "t10k")):
        pixels = np.frombuffer(tiny_contents()[f"{part}-images-idx3-ubyte"][16:], np.uint8)
        assert data.inputs.shape == (PARTS[part], 12)
        assert data.inputs.dtype == np.float32
        assert_array_equal(data.inputs.ravel(), np.array([int(p) / 255 for p in pixels], np.float32))
        assert_array_equal(data.labels, [i % 10 for i in range(PARTS[part])])
        assert (data.classes, data.image_shape) == (10, (4, 3))
    assert (train.name, test.name) == ("mnist-train", "mnist-test")


@pytest.mark.usefixtures("trusted")
def test_environment_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THERMO_CL_MNIST", str(write_folder(tmp_path)))
    assert len(mnist()[0]) == 30
    with pytest.raises(InvalidParameterError, match=r"^folder = "):  # an argument goes before the variable
        mnist(tmp_path / "missing")
    monkeypatch.setenv("THERMO_CL_MNIST", str(tmp_path / "missing"))
    with pytest.raises(DataError, match=r"variable THERMO_CL_MNIST names .*missing.*a folder with the four IDX files"):
        mnist()
    with pytest.raises(InvalidParameterError, match=r"^folder = '~nobody-of-that-name/mnist'"):
        mnist("~nobody-of-that-name/mnist")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THERMO_CL_MNIST", "")
    monkeypatch.setattr(original, "download_mnist", lambda: tmp_path)
    with pytest.raises(DataError, match="has no train-images-idx3-ubyte"):
        mnist()


def test_other_sets_need_verify_off(tmp_path: Path) -> None:
    folder = tmp_path / "fashion"
    folder.mkdir()
    write_folder(folder, zipped=True)
    with pytest.raises(DataError, match="not the file it should be") as caught:
        mnist(folder)
    assert "train-images-idx3-ubyte.gz" in str(caught.value)
    assert original.CONTENTS["train-images-idx3-ubyte"] in str(caught.value)
    train, test = mnist(folder, verify=False)
    assert (train.name, test.name) == ("fashion-train", "fashion-test")
    assert (len(train), len(test)) == (30, 20)


def test_checksums_are_those_of_the_published_files() -> None:
    """The same four names in both tables, each with a sum of its own."""
    assert {f"{name}.gz" for name in original.CONTENTS} == set(download.ARCHIVES)
    sums = [*original.CONTENTS.values(), *download.ARCHIVES.values()]
    assert len(set(sums)) == 8
    assert {len(bytes.fromhex(s)) for s in sums} == {32}


@pytest.mark.parametrize("name", tiny_contents())
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    (write_folder(tmp_path) / name).unlink()
    with pytest.raises(DataError, match=f"has no {name}") as caught:
        mnist(tmp_path, verify=False)
    assert f"{name.replace('-idx', '.idx')}.gz" in str(caught.value)


@pytest.mark.parametrize("name", tiny_contents())
def test_a_truncated_file_is_named(name: str, tmp_path: Path) -> None:
    path = write_folder(tmp_path, zipped=True) / f"{name}.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match="damaged") as caught:
        mnist(tmp_path, verify=False)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-labels-idx1-ubyte", np.zeros(29), "30 images, 29 labels"),
        ("t10k-labels-idx1-ubyte", np.full(20, 11), "t10k labels .* go up to 11"),
        ("t10k-images-idx3-ubyte", np.zeros((20, 5, 3)), r"\(4, 3\) for training, \(5, 3\) for test"),
        ("t10k-images-idx3-ubyte", np.zeros((20, 0, 3)), "hold no pixel"),
    ],
)
def test_files_that_do_not_fit_are_refused(name: str, array: np.ndarray, message: str, tmp_path: Path) -> None:
    (write_folder(tmp_path) / name).write_bytes(idx_bytes(array.astype(np.uint8)))
    with pytest.raises(DataError, match=message):
        mnist(tmp_path, verify=False)


def test_an_empty_pair_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((0, 4, 3), np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(0, np.uint8)))
    with pytest.raises(DataError, match="hold no pixel"):
        mnist(tmp_path, verify=False)


@pytest.mark.usefixtures("trusted")
def test_split_takes_holdout_from_the_test_file(tmp_path: Path) -> None:
    train, test = mnist(write_folder(tmp_path))
    first, holdout = split("mnist", 30, 7, folder=tmp_path)
    assert_array_equal(first.inputs, train.inputs)
    assert_array_equal(holdout.inputs, test.inputs[:7])
    with pytest.raises(InvalidParameterError, match=r"train = 31 .* at most 30, the examples of mnist-train"):
        split("mnist", 31, 7, tmp_path)
    with pytest.raises(InvalidParameterError, match=r"holdout = 21 .* at most 20, the examples of mnist-test"):
        split("mnist", 30, 21, tmp_path)


@pytest.mark.usefixtures("trusted")
def test_plain_files_go_before_gzipped_ones(tmp_path: Path) -> None:
    write_folder(tmp_path)
    for name in tiny_contents():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b"not IDX"))
    assert len(mnist(tmp_path)[1]) == 20
