"""Faults that are real: a killed scheduler, a deadly chunk, workers that go, a disk that refuses."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster

from tests.command_line import HEED_CTRL_C
from tests.sweep import swept
from thermo_cl.errors import MemoryLimitError, OutputError, SweepError
from thermo_cl.sweep import Design, SweepProgress, crew, store_info, sweep

ROOT = Path(__file__).parents[2]
COUNTED = Design.grid(x=np.arange(100.0))
SLOW = functools.partial(swept.slow, seconds=0.05)
CLUSTER = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster:
        print(cluster.scheduler_address, flush=True)
        time.sleep(600)
"""


def started(script: str, folder: Path, *arguments: object, **options) -> subprocess.Popen[str]:
    (folder / "script.py").write_text(script)
    words = [sys.executable, str(folder / "script.py"), *map(str, arguments)]
    return subprocess.Popen(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, **options)


def test_a_lost_scheduler_is_told_and_the_sweep_resumed(tmp_path) -> None:
    store, killed = tmp_path / "a.zarr", []
    with started(CLUSTER, tmp_path, stdout=subprocess.PIPE) as cluster:
        assert cluster.stdout is not None

        def kill(now: SweepProgress) -> None:
            if now.chunks_done == 4:
                cluster.send_signal(signal.SIGKILL)
                killed.append(time.monotonic())

        with pytest.raises(SweepError, match=r"scheduler has gone.*finished chunks are kept"):
            sweep(COUNTED, SLOW, scheduler=cluster.stdout.readline().strip(), store=store, chunk=5, progress=kill)
        assert time.monotonic() - killed[0] < 10.0
    info = store_info(store, verify=True)
    assert (4 <= info.chunks_done < 20, info.damaged) == (True, 0)
    told: list[SweepProgress] = []
    found = sweep(COUNTED, SLOW, store=store, chunk=5, resume=True, progress=told.append)
    assert told[0].reused == info.chunks_done
    xr.testing.assert_identical(found.load(), sweep(COUNTED, SLOW))


def test_a_chunk_that_ends_its_workers_is_named_and_the_others_kept(tmp_path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster,
        Client(cluster, set_as_default=False) as client,
        pytest.raises(SweepError, match=r"chunk 10 \(points 50 to 54\) ended every worker.*design.points\(50, 55\)"),
    ):
        sweep(COUNTED, swept.lethal, client=client, store=tmp_path / "a.zarr", chunk=5)
    info = store_info(tmp_path / "a.zarr", verify=True)
    assert info.chunks_done >= 10 and not info.damaged  # chunk 11 shared the worker and is not blamed


def test_a_cluster_without_workers_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(crew, "_PATIENCE", 1.0)
    monkeypatch.setattr(crew, "_CHECK", 0.5)

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):

        def retire(now: SweepProgress) -> None:
            if now.chunks_done == 4:
                cluster.scale(0)

        with pytest.raises(SweepError, match=r"no workers for 1 s; the last were sent chunk .*points"):
            sweep(COUNTED, SLOW, client=client, store=tmp_path / "a.zarr", chunk=5, progress=retire)
    assert 4 <= store_info(tmp_path / "a.zarr", verify=True).chunks_done < 20


FULL = """
import resource, signal, sys
from tests.sweep import swept
from thermo_cl.errors import OutputError
from thermo_cl.sweep import Design, sweep

def fill(now):
    if now.chunks_done == 3:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))

def save(store, **options):
    try:
        sweep(Design.random(1000, rng=2, x=[1.5, 2.5, 7.0]), swept.slow_free, store=store, chunk=100, **options)
    except OutputError as error:
        print(error)

save(sys.argv[1], progress=fill)
save(sys.argv[2])
"""


def test_a_disk_that_refuses_keeps_what_is_done(tmp_path) -> None:
    """The system cuts every file after 100 bytes, as a full disk does."""
    store = tmp_path / "a.zarr"
    with started(FULL, tmp_path, store, tmp_path / "a.nc", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        told, noise = process.communicate(timeout=60)
    assert (process.returncode, noise) == (0, "")
    zarr_told, netcdf_told = told.splitlines()
    assert "could not be written (File too large); 3 of 10 chunks are kept: make room and resume" in zarr_told
    assert "could not be written (File too large); nothing was left there" in netcdf_told
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zarr", "script.py"]
    info = store_info(store, verify=True)
    assert (info.chunks_done, info.damaged) == (3, 0)
    design, progress = Design.random(1000, rng=2, x=[1.5, 2.5, 7.0]), list[SweepProgress]()
    found = sweep(design, swept.slow_free, store=store, chunk=100, resume=True, progress=progress.append)
    assert progress[0].reused == 3
    xr.testing.assert_identical(found.load(), sweep(design, swept.slow_free))


@pytest.mark.parametrize("name", ["out.zarr", "out.nc"])
def test_folders_that_take_nothing_are_refused(name: str, tmp_path) -> None:
    (tmp_path / "file").touch()
    for folder in (Path("/proc/self"), tmp_path / "file"):  # nobody can write in the first, root neither
        before = set(Path("/proc/self").iterdir())
        with pytest.raises(OutputError, match=f"{folder}/{name}"):
            sweep(COUNTED, swept.slow_free, store=folder / name)
        assert set(Path("/proc/self").iterdir()) == before
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_chunks_that_do_not_fit_into_memory_are_refused(tmp_path) -> None:
    axis = np.arange(2**20)
    design = Design.grid(x=axis, y=axis)  # 2**40 points, none of them made
    with pytest.raises(MemoryLimitError, match=r"a chunk of 1099511627776 points needs.*smaller chunks"):
        sweep(design, swept.plain, store=tmp_path / "a.zarr", chunk=2**40)
    assert not list(tmp_path.iterdir())


def test_errors_of_the_function_say_where_they_arose() -> None:
    with pytest.raises(ZeroDivisionError) as refusal:
        sweep(COUNTED, swept.failing, chunk=10)
    assert refusal.value.__notes__ == ["in chunk 5 (points 50 to 59) of the sweep"]


INTERRUPTED = """
import functools, sys
from tests.sweep import swept
from thermo_cl.sweep import Design, sweep
if __name__ == "__main__":
    try:
        sweep(Design.grid(x=[float(i) for i in range(1000)]), functools.partial(swept.slow, seconds=0.1), chunk=5,
              store=sys.argv[1], workers=1, progress=lambda now: print(now.chunks_done, flush=True))
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c_ends_driver_and_workers_quietly(tmp_path) -> None:
    """The terminal sends it to all of them."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    with started(HEED_CTRL_C + INTERRUPTED, tmp_path, tmp_path / "a.zarr", **options) as process:
        assert process.stdout is not None and process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        told, noise = process.communicate(timeout=30)
    assert (process.returncode, noise, told.splitlines()[-1]) == (0, "", "interrupted")
    info = store_info(tmp_path / "a.zarr", verify=True)
    assert (1 <= info.chunks_done < 200, info.damaged) == (True, 0)
