"""Zarr stores: whole chunks or none, damage found, other sweeps refused, one writer at a time."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from tests.sweep import swept
from thermo_cl._lock import hold
from thermo_cl.errors import OutputError
from thermo_cl.sweep import Design, identity, open_store, store_info, sweep, uniform

DESIGN = Design.random(100, rng=2, x=uniform(0.0, 100.0))


def swept_into(store: Path, **options):
    return sweep(DESIGN, swept.slow_free, store=store, **{"chunk": 10} | options)


@pytest.fixture
def store(tmp_path) -> Path:
    swept_into(tmp_path / "out.zarr")
    return tmp_path / "out.zarr"


def test_a_chunk_of_the_sweep_is_a_chunk_of_every_array(store) -> None:
    for name in ("x", "square"):
        assert sorted(int(p.name) for p in (store / name / "c").iterdir()) == list(range(10))
        assert zarr.open_group(store, mode="r")[name].chunks == (10,)


def test_plain_xarray_opens_it(store) -> None:
    with xr.open_zarr(store) as plain:
        np.testing.assert_array_equal(plain.square, DESIGN.points()["x"] ** 2)
        assert "x" in plain.coords


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "checksum"])
def test_damaged_chunks_are_found_and_computed_again(store, damage: str) -> None:
    expected = open_store(store).load()
    file = store / ("chunk_checksum" if damage == "checksum" else "square") / "c" / "3"
    content = bytearray(file.read_bytes())
    if damage == "remove":
        file.unlink()
    else:
        content[-1] ^= 1
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else content)
    assert store_info(store).complete  # not read yet
    info = store_info(store, verify=True)
    assert (info.complete, info.chunks_done, info.damaged) == (False, 9, 1)
    told = []
    found = swept_into(store, resume=True, progress=told.append)
    assert [(p.chunks_done, p.reused, p.damaged) for p in told] == [(10, 9, 1)]
    xr.testing.assert_identical(found.load(), expected)
    assert store_info(store, verify=True).complete


def test_a_complete_store_is_not_computed_again(store) -> None:
    told = []
    xr.testing.assert_identical(swept_into(store, resume=True, progress=told.append), open_store(store))
    assert not told


@pytest.mark.parametrize("failing", [1, 7, 20])
def test_a_full_disk_keeps_what_is_done(tmp_path, monkeypatch, failing: int) -> None:
    place, written = tmp_path / "out.zarr", 0
    original = zarr.storage.LocalStore.set

    async def full(self, key, value):
        nonlocal written
        if "/c/" in key and (written := written + 1) > failing:
            (place / key).parent.mkdir(parents=True, exist_ok=True)
            (place / key).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        await original(self, key, value)

    with monkeypatch.context() as patched:
        patched.setattr(zarr.storage.LocalStore, "set", full)
        with pytest.raises(OutputError, match=f"No space left.*{failing // 3} of 10 chunks are kept"):
            swept_into(place)
    info = store_info(place, verify=True)
    assert info.chunks_done == failing // 3
    told = []
    found = swept_into(place, resume=True, progress=told.append)
    assert told[0].reused == failing // 3
    xr.testing.assert_identical(found.load(), sweep(DESIGN, swept.slow_free))


def test_a_store_that_cannot_be_created_leaves_nothing(tmp_path, monkeypatch) -> None:
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", refuse)
        with pytest.raises(OutputError, match="Read-only file system"):
            swept_into(tmp_path / "out.zarr")
    assert not list(tmp_path.iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(zarr, "consolidate_metadata", refuse)
        with pytest.raises(OutputError, match="Read-only file system"):
            swept_into(tmp_path / "out.zarr")
    assert [p.name for p in (tmp_path / "out.zarr").iterdir()] == [".lock"]
    swept_into(tmp_path / "out.zarr")
    with pytest.raises(OutputError, match="does not exist"):
        swept_into(tmp_path / "none" / "out.zarr")


def test_a_creation_that_was_cut_short_is_begun_again(tmp_path) -> None:
    place = tmp_path / "out.zarr"
    swept_into(place)
    zarr.create_group(place, overwrite=True)  # arrays gone, no record of a sweep
    (place / ".lock").touch()
    with pytest.raises(OutputError, match="cut short"):
        open_store(place)
    assert swept_into(place, resume=True).sizes["point"] == 100


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"design": Design.random(100, rng=3, x=uniform(0.0, 100.0))}, "the design: seed 2, now 3"),
        ({"design": Design.random(100, rng=2, x=uniform(0.0, 99.0))}, r"the design: parameters .*100.0.*, now .*99.0"),
        ({"function": swept.other}, "the function: name tests.sweep.swept.slow_free, now tests.sweep.swept.other"),
        ({"function": functools.partial(swept.slow_free, power=3)}, "the function: arguments none, now .*power.*3"),
        ({"chunk": 11}, "the chunk size: 10, now 11"),
        ({"code": {"a.py": "1"}}, "the library's code: .*and .* more"),
        ({"versions": "9.9"}, "the versions: numba .*, now 9.9"),
    ],
)
def test_other_sweeps_are_refused_with_the_difference(store, change, said: str, monkeypatch) -> None:
    design, function = change.get("design", DESIGN), change.get("function", swept.slow_free)
    before = {p: p.read_bytes() for p in store.rglob("*") if p.is_file()}
    if "code" in change:
        monkeypatch.setattr(identity, "code_files", lambda: change["code"])
    if "versions" in change:
        monkeypatch.setattr(sys.modules["thermo_cl.sweep.provenance"], "version", lambda name: change["versions"])
    with pytest.raises(OutputError, match=said):
        sweep(design, function, store=store, chunk=change.get("chunk", 10), resume=True)
    assert {p: p.read_bytes() for p in store.rglob("*") if p.is_file()} == before


def test_existing_stores_need_resume_or_force(store, tmp_path) -> None:
    with pytest.raises(OutputError, match="exists; resume the sweep in it"):
        swept_into(store)
    assert swept_into(store, force=True, chunk=7).sizes["point"] == 100
    foreign = tmp_path / "foreign.zarr"
    foreign.mkdir()
    (foreign / "precious").touch()
    for options in ({}, {"force": True}, {"resume": True}):
        with pytest.raises(OutputError, match="that no sweep made"):
            swept_into(foreign, **options)
    assert [p.name for p in foreign.iterdir()] == ["precious"]
    with pytest.raises(OutputError, match=r"no sweep in .* to resume"):
        swept_into(tmp_path / "none.zarr", resume=True)
    (tmp_path / "file.zarr").touch()
    with pytest.raises(OutputError, match="is a file"):
        swept_into(tmp_path / "file.zarr")


@pytest.mark.parametrize("options", [{"force": True}, {"resume": True}])
def test_concurrent_writers_are_refused(store, options) -> None:
    handle = os.open(store / ".lock", os.O_RDWR)
    try:
        hold(handle, store, "writing to")
        with pytest.raises(OutputError, match="another process is writing to"):
            swept_into(store, **options)
    finally:
        os.close(handle)
    swept_into(store, **options)


def test_unfinished_stores_open_when_asked_to(tmp_path) -> None:
    place = tmp_path / "out.zarr"
    counted = Design.grid(x=np.arange(100.0))
    with pytest.raises(ZeroDivisionError):
        sweep(counted, swept.failing, store=place, chunk=10)
    with pytest.raises(OutputError, match="5 of 10 chunks are done"):
        open_store(place)
    found = open_store(place, partial=True).load()
    np.testing.assert_array_equal(found.finished, np.arange(100) < 50)
    np.testing.assert_array_equal(found.square[:50], np.arange(50.0) ** 2)
    assert np.isnan(found.square[50:]).all()


def test_what_is_no_store_is_told(tmp_path) -> None:
    for reader in (open_store, store_info):
        with pytest.raises(OutputError, match="does not exist"):
            reader(tmp_path / "none.zarr")
        with pytest.raises(OutputError, match="not the store of a sweep"):
            reader(tmp_path)


def test_the_same_store_may_move(store, tmp_path) -> None:
    shutil.move(store, tmp_path / "moved.zarr")
    assert swept_into(tmp_path / "moved.zarr", resume=True).sizes["point"] == 100
