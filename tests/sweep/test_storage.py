"""Data sets on disk: whole or not at all, labelled, with provenance."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from thermo_cl.errors import OutputError
from thermo_cl.sweep import Quantity, atomic_output, check_output, label, load_netcdf, provenance, save_netcdf


@pytest.fixture
def dataset() -> xr.Dataset:
    return label(
        {
            "y": Quantity(("a", "b"), np.arange(6.0).reshape(2, 3), "why", "1"),
            "flag": Quantity("a", [True, False], "flag", "1"),
        },
        {"b": Quantity("b", [0.1, 0.2, 0.3], "place", "m")},
        provenance("a test", {"n": np.int64(3), "x": np.array([1.0, 2.0]), "none": None}, seed=7),
    )


def test_round_trip(dataset: xr.Dataset, tmp_path: Path) -> None:
    path = save_netcdf(dataset, tmp_path / "set.nc")
    back = load_netcdf(path)
    xr.testing.assert_identical(back, dataset)
    assert back.y.attrs == {"long_name": "why", "units": "1"}
    with xr.open_dataset(path) as plain:  # any reader of netCDF4 will do
        assert_array_equal(plain.y, dataset.y)
    assert [path.name for path in tmp_path.iterdir()] == ["set.nc"]


def test_provenance_is_plain_text(dataset: xr.Dataset) -> None:
    assert all(isinstance(value, str) for value in dataset.attrs.values())
    assert json.loads(dataset.attrs["parameters"]) == {"n": 3, "x": [1.0, 2.0], "none": None}
    assert dataset.attrs["seed"] == "7"
    assert {"python", "numpy", "thermo-cl"} <= set(json.loads(dataset.attrs["versions"]))
    assert dataset.attrs["git_revision"]
    assert os.uname().nodename not in " ".join(dataset.attrs.values())


def test_labels_spread_constants() -> None:
    spread = label({"c": Quantity("a", [1.0], "c", "1"), "v": Quantity("a", [1.0, 2.0], "v", "1")}, {}, {})
    assert_array_equal(spread.c, [1.0, 1.0])


def test_existing_files_need_force(dataset: xr.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "set.nc"
    path.write_text("precious")
    with pytest.raises(OutputError, match="--force"):
        save_netcdf(dataset, path)
    assert path.read_text() == "precious"
    save_netcdf(dataset, path, force=True)
    xr.testing.assert_identical(load_netcdf(path), dataset)


def test_unwritable_places_are_refused(dataset: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        save_netcdf(dataset, tmp_path / "missing" / "set.nc")
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # permissions do not bind root
    with pytest.raises(OutputError, match="not writable"):
        save_netcdf(dataset, tmp_path / "set.nc")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_half_written(dataset: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "set.nc"
    path.write_text("precious")

    def full_disk(self: Path, content: memoryview) -> None:
        self.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OutputError, match="No space left"):
        save_netcdf(dataset, path, force=True)
    assert path.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["set.nc"]
    with pytest.raises(ZeroDivisionError), atomic_output(tmp_path / "other.txt") as draft:
        draft.write_text(f"half {1 / 0}")
    assert [path.name for path in tmp_path.iterdir()] == ["set.nc"]


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        load_netcdf(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("not netCDF")
    with pytest.raises(OutputError, match="not a netCDF file"):
        load_netcdf(tmp_path / "text.nc")
