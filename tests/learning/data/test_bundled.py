"""The bundled part of MNIST, by facts known about it from elsewhere."""

from __future__ import annotations

import bz2
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.learning.data.idx_files import idx_bytes, write_folder
from thermo_cl.errors import DataError, OutputError
from thermo_cl.learning.data import Dataset, bundle, bundled, mnist12k, original


@pytest.fixture(scope="module")
def data() -> Dataset:
    return mnist12k()


def pixels(data: Dataset) -> np.ndarray:
    return np.rint(data.inputs.astype(float) * 255).astype(np.uint8)


def test_known_facts(data: Dataset) -> None:
    """Counted in the original files with a reader of their own."""
    assert data.inputs.shape == (12_000, 784)
    assert data.inputs.dtype == np.float32
    assert (data.classes, data.image_shape, data.name) == (10, (28, 28), "mnist12k")
    assert_array_equal(data.labels[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    assert_array_equal(np.bincount(data.labels), [1206, 1351, 1176, 1228, 1184, 1048, 1208, 1279, 1127, 1193])
    whole = pixels(data)
    assert whole.mean() == pytest.approx(33.60757344812925, rel=1e-14)
    assert (whole == 0).sum() == 7_601_063
    assert (
        hashlib.sha256(whole.tobytes()).hexdigest()
        == "f4a0e5dc2ae49490a67998ae36b95959935eacc6cb14eabc4cd73ed4ae0e493f"
    )
    assert_array_equal(data.inputs, (whole / 255).astype(np.float32))


def test_the_first_image_is_a_five_the_right_way_up(data: Dataset) -> None:
    rows, columns = np.nonzero(data.inputs[0].reshape(28, 28) > 0.5)
    assert (rows.min(), rows.max()) == (5, 24)
    assert columns[rows < 7].min() > 10  # its flag points to the right
    assert columns[rows == 24].max() < 11  # its tail ends on the left


def test_packing_gives_the_bundled_bytes(data: Dataset) -> None:
    packed = bundled.pack(pixels(data), data.labels.astype(np.uint8))
    assert packed == bundled.BUNDLE.read_bytes()
    assert len(packed) < 2_000_000


def test_the_note_beside_the_file_has_licence_and_checksum() -> None:
    note = bundled.BUNDLE.with_suffix(".md").read_text()
    assert "CC BY-SA 3.0" in note
    assert re.search(r"LeCun.*Cortes.*Burges", note)
    assert bundled.SHA256 in note


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:500] + b"\x00" + b[501:], lambda b: b""])
def test_a_damaged_file_is_refused(damage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mnist12k.bz2"
    path.write_bytes(damage(bundled.BUNDLE.read_bytes()))
    monkeypatch.setattr(bundled, "BUNDLE", path)
    with pytest.raises(DataError, match="is damaged") as caught:
        mnist12k()
    for part in (str(path), hashlib.sha256(path.read_bytes()).hexdigest(), bundled.SHA256):
        assert part in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "BUNDLE", tmp_path / "gone.bz2")
    with pytest.raises(DataError, match=r"gone\.bz2 cannot be read .* install the package again"):
        mnist12k()


def test_the_script_writes_the_first_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On tiny files, with the checksums put in their place."""
    write_folder(tmp_path)
    images, labels = (
        (tmp_path / f"train-{kind}-ubyte").read_bytes()[start:]
        for kind, start in (("images-idx3", 16), ("labels-idx1", 8))
    )
    for name in original.CONTENTS:
        monkeypatch.setitem(original.CONTENTS, name, hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    output = tmp_path / "made.bz2"
    with pytest.raises(DataError, match=f"came out different: .* expected {bundled.SHA256}; nothing is written"):
        bundle.main([str(tmp_path), str(output)])
    assert not output.exists()
    monkeypatch.setattr(bundled, "COUNT", 25)
    packed = bz2.compress(images[: 25 * 12] + labels[:25], 9)
    monkeypatch.setattr(bundle, "SHA256", hashlib.sha256(packed).hexdigest())
    bundle.main([str(tmp_path), str(output)])
    assert output.read_bytes() == packed
    with pytest.raises(OutputError, match="cannot be written"):
        bundle.main([str(tmp_path), str(tmp_path / "missing" / "made.bz2")])


def test_the_script_verifies_its_source(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((30, 4, 3), np.uint8)))
    with pytest.raises(DataError, match="not the file it should be"):
        bundle.main([str(tmp_path), str(tmp_path / "made.bz2")])


def test_import_is_light() -> None:
    heavy = "{'numba', 'xarray', 'pooch', 'sklearn', 'matplotlib', 'sympy', 'typer', 'tqdm'}"
    code = f"import sys, thermo_cl.learning.data; print(*{heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []
