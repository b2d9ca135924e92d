"""The engine on real processes: the same bits, and what a killed worker or driver leaves is whole."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr
from distributed import Client, LocalCluster

from tests.sweep import swept
from thermo_cl.errors import InvalidParameterError, OutputError, SweepError
from thermo_cl.sweep import Design, crew, integers, log_uniform, open_store, store_info, sweep

COUNTED = Design.grid(x=[float(i) for i in range(100)])
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.parametrize("chunk", [17, 50, 200])
def test_a_cluster_gives_the_same_bits(client, chunk: int, tmp_path) -> None:
    design = Design.latin_hypercube(
        200, rng=1, gamma=log_uniform(1e-25, 1.0), signal=integers(5, 250), n_levels=[5, 7], rate_factor=[2.0, 30.0]
    )
    expected = sweep(design, "ladder-curves")
    xr.testing.assert_identical(sweep(design, "ladder-curves", client=client, chunk=chunk), expected)
    address = client.scheduler.address
    found = sweep(design, "ladder-curves", scheduler=address, chunk=chunk, store=tmp_path / "a.zarr")
    xr.testing.assert_identical(found.load(), expected)


def test_local_processes_give_the_same_bits() -> None:
    expected = sweep(COUNTED, swept.slow)
    xr.testing.assert_identical(sweep(COUNTED, swept.slow, workers=2, chunk=9), expected)


def test_a_killed_worker_costs_nothing_but_its_chunk(client, tmp_path) -> None:
    function = functools.partial(swept.deadly, flag=str(tmp_path / "killed"))
    found = sweep(COUNTED, function, client=client, chunk=5, store=tmp_path / "a.zarr")
    assert (tmp_path / "killed0").exists()
    xr.testing.assert_equal(found.load(), sweep(COUNTED, functools.partial(swept.slow, seconds=0.0)))


def test_errors_of_the_function_come_back_as_they_are(client) -> None:
    with pytest.raises(ZeroDivisionError, match="x is too large"):
        sweep(COUNTED, swept.failing, client=client, chunk=10)
    assert sweep(COUNTED, swept.slow, client=client, chunk=30).sizes["point"] == 100


def test_workers_with_other_code_are_refused(client, monkeypatch) -> None:
    monkeypatch.setattr(crew, "code_digest", lambda: "another")
    with pytest.raises(SweepError, match="other code"):
        sweep(COUNTED, swept.slow, client=client, chunk=30)


def test_a_scheduler_without_workers_is_refused() -> None:
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=50) as cluster,
        pytest.raises(InvalidParameterError, match="this one has none"),
    ):
        sweep(COUNTED, swept.slow, scheduler=cluster.scheduler_address)


DRIVER = """
import functools, sys
from tests.sweep import swept
from thermo_cl.sweep import Design, sweep
if __name__ == "__main__":
    design = Design.grid(x=[float(i) for i in range(100)])
    sweep(design, functools.partial(swept.slow, seconds=0.1), store=sys.argv[1], chunk=2, workers=1)
"""


def test_a_killed_driver_leaves_every_finished_chunk(tmp_path) -> None:
    store, script = tmp_path / "a.zarr", tmp_path / "driver.py"
    script.write_text(DRIVER)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, script, store], env=environment, cwd=ROOT)
    end = time.monotonic() + 60.0
    while not (_done(store) >= 3):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    with pytest.raises(OutputError, match="another process is writing"):
        sweep(COUNTED, functools.partial(swept.slow, seconds=0.1), store=store, chunk=2, resume=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    info = store_info(store, verify=True)
    assert 3 <= info.chunks_done < 50 and not info.complete
    files = {p: p.stat().st_mtime_ns for p in (store / "square").rglob("c/*")}
    told = []
    function = functools.partial(swept.slow, seconds=0.1)
    found = sweep(COUNTED, function, store=store, chunk=2, resume=True, progress=told.append)
    assert (told[0].reused, told[0].damaged) == (info.chunks_done, 0)
    assert len(told) == 50 - info.chunks_done
    kept = [p for p, written in files.items() if p.stat().st_mtime_ns == written]
    assert len(kept) >= info.chunks_done
    xr.testing.assert_identical(found.load(), sweep(COUNTED, function))
    xr.testing.assert_identical(open_store(store).load(), found.load())


def _done(store: Path) -> int:
    try:
        return store_info(store).chunks_done
    except OutputError:
        return 0
