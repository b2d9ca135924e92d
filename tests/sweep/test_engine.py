"""The engine in this process: the same results whatever the chunks, and nothing begun that cannot be finished."""

from __future__ import annotations

import functools
import socket
import time
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_array_equal

from tests.sweep import swept
from thermo_cl.errors import InvalidParameterError, OutputError, SweepError
from thermo_cl.sweep import (
    FUNCTIONS,
    Design,
    Quantity,
    load_netcdf,
    log_uniform,
    open_store,
    store_info,
    sweep,
    uniform,
)

DESIGN = Design.random(103, rng=2, x=uniform(0.0, 100.0), y=uniform(1.0, 5.0))
COUNTED = Design.grid(x=np.arange(100.0))


@pytest.mark.parametrize("chunk", [1, 7, 64, 103, 5000])
@pytest.mark.parametrize("suffix", [None, "nc", "zarr"])
def test_results_are_those_of_one_call(chunk: int, suffix: str | None, tmp_path) -> None:
    store = None if suffix is None else tmp_path / f"out.{suffix}"
    found = sweep(DESIGN, swept.curves, chunk=chunk, store=store)
    points = DESIGN.points()
    expected = swept.curves(**points)
    assert found.sizes == {"point": 103, "axis": 5}
    for name, quantity in expected.items():
        assert_array_equal(found[name], quantity.values)
        assert found[name].dtype == np.asarray(quantity.values).dtype
        assert found[name].attrs == {"long_name": quantity.long_name, "units": quantity.units}
    assert_array_equal(found.x, points["x"])
    assert set(found.coords) == {"x", "y", "axis"}
    xr.testing.assert_identical(found.load(), sweep(DESIGN, swept.curves))
    if store is not None:
        xr.testing.assert_identical(open_store(store).load(), found)
        assert store_info(store).complete


def test_plain_arrays_will_do() -> None:
    found = sweep(DESIGN, swept.plain, chunk=10)
    assert_array_equal(found["sum"], found.x + found.y)
    assert found.large.dtype == bool
    assert found["sum"].attrs == {"long_name": "sum", "units": "unstated"}


def test_provenance_is_of_the_sweep_and_not_of_the_machine(tmp_path) -> None:
    found = sweep(DESIGN, functools.partial(swept.curves, length=3), chunk=9, store=tmp_path / "a.zarr")
    assert found.attrs["design_hash"] == DESIGN.hash
    assert found.attrs["seed"] == "2"
    assert "tests.sweep.swept.curves" in found.attrs["function"] and '\\"length\\": 3' in found.attrs["function"]
    assert "git_revision" in found.attrs and "numpy" in found.attrs["versions"]
    assert socket.gethostname() not in str(found.attrs)
    assert str(tmp_path) not in str(found.attrs)
    assert all(isinstance(v, str) for v in found.attrs.values())


def test_progress_tells_rate_and_time_left() -> None:
    told = []
    sweep(COUNTED, functools.partial(swept.slow, seconds=0.01), chunk=30, progress=told.append)
    assert [(p.chunks_done, p.points_done) for p in told] == [(1, 30), (2, 60), (3, 90), (4, 100)]
    assert {(p.chunks, p.points, p.reused, p.damaged) for p in told} == {(4, 100, 0, 0)}
    for p in told:
        assert p.rate == pytest.approx(p.points_done / p.seconds)
        assert p.seconds_left == pytest.approx((100 - p.points_done) / p.rate)
    assert told[0].seconds >= 0.01


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"chunk": 0}, "chunk = 0"),
        ({"workers": 0}, "workers = 0"),
        ({"workers": 1, "scheduler": "tcp://x:1"}, "at most one of the three"),
        ({"store": "out.csv"}, "ends in .zarr"),
        ({"store": "out.nc", "resume": True}, "resume = True"),
        ({"resume": True}, "resume = True"),
        ({"store": "out.zarr", "resume": True, "force": True}, "resume = True"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(options, said: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidParameterError) as refusal:
        sweep(DESIGN, swept.plain, **options)
    assert said in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("laddr", "the nearest: ladder"),
        ("ladder", "'x' is not valid: it must be one of gamma, signal"),
        (3, "callable"),
        (lambda x: {}, "parameters = 'y'"),
        (lambda x, y, z: {}, "z must be given"),
        (lambda x, yy: {}, "the nearest: yy"),
        (lambda x, y: x, "a mapping of names"),
        (lambda x, y: {"a": x[:1]}, "the points as first axis"),
        (lambda x, y: {"a": np.stack([x, y], -1)}, "a Quantity that names its dimensions"),
        (lambda x, y: {"a": x + 1j}, "a type of real numbers"),
        (lambda x, y: {"x": x}, "a parameter's name"),
        (lambda x, y: {"point": x}, "the engine uses that name"),
        (lambda x, y: {"a": Quantity("b", [1.0], "", "")}, "an array over the points"),
    ],
)
def test_functions_that_do_not_fit_are_refused_before_anything_is_made(function, said: str, tmp_path) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        sweep(DESIGN, function, store=tmp_path / "out.zarr")
    assert said in str(refusal.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("function", [swept.inconsistent, swept.unsteady])
def test_chunks_that_differ_from_the_first_points_are_refused(function, tmp_path) -> None:
    with pytest.raises(SweepError, match="first points"):
        sweep(COUNTED, function, chunk=10, store=tmp_path / "out.zarr")
    assert store_info(tmp_path / "out.zarr").chunks_done in {5, 6}


def test_errors_of_the_function_are_its_own_and_keep_what_is_done(tmp_path) -> None:
    with pytest.raises(ZeroDivisionError, match="x is too large"):
        sweep(COUNTED, swept.failing, chunk=10, store=tmp_path / "out.zarr")
    assert store_info(tmp_path / "out.zarr").chunks_done == 5
    with pytest.raises(ZeroDivisionError):
        sweep(COUNTED, swept.failing, chunk=10, store=tmp_path / "out.nc")
    assert not (tmp_path / "out.nc").exists()


def test_netcdf_files_need_force(tmp_path) -> None:
    path = tmp_path / "out.nc"
    first = sweep(DESIGN, swept.plain, store=path)
    with pytest.raises(OutputError, match="exists"):
        sweep(COUNTED, swept.plain, store=path)
    xr.testing.assert_identical(load_netcdf(path), first)
    sweep(COUNTED, swept.plain, store=path, force=True)
    assert load_netcdf(path).sizes["point"] == 100


@pytest.mark.parametrize("kind", ["silent", "closed"])
def test_a_scheduler_that_does_not_answer_is_told_within_ten_seconds(kind: str, tmp_path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == "silent":
            listener.listen()
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(InvalidParameterError, match="the address of a Dask scheduler"):
            sweep(DESIGN, swept.plain, scheduler=address, store=tmp_path / "out.zarr")
        assert time.monotonic() - start < 10.0
    assert not list(tmp_path.iterdir())


def test_memory_does_not_grow_with_the_sweep(tmp_path) -> None:
    def peak(chunks: int) -> int:
        design = Design.random(chunks * 2**14, rng=1, x=uniform(0.0, 1.0))
        tracemalloc.start()
        sweep(design, swept.plain, chunk=2**14, store=tmp_path / f"{chunks}.zarr")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)  # imports
    assert peak(64) - peak(16) < 1e6  # the results of 64 chunks are 18e6 bytes, those of 16 are 4e6


@pytest.mark.parametrize("name", FUNCTIONS)
def test_named_functions_give_the_same_bits_in_any_chunks(name: str) -> None:
    design = Design.sobol(
        90, rng=4, gamma=log_uniform(1e-25, 1.0), signal=uniform(5.0, 250.0), n_levels=[4, 5, 9], rate_factor=[2, 25]
    )  # fmt: skip
    expected = sweep(design, name)
    for chunk in (1, 7, 40):
        xr.testing.assert_identical(sweep(design, name, chunk=chunk), expected)
