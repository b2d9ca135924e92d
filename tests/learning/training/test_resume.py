"""A run interrupted anywhere and resumed is the run that was not; damage and other runs are refused."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.learning.training.runs import RELAXATION, assert_same, examples, network, run
from thermo_cl.errors import DataError, DivergenceError, InvalidParameterError, OutputError
from thermo_cl.learning.energy import EnergyNetwork, Tanh
from thermo_cl.learning.rules import EquilibriumPropagation
from thermo_cl.learning.training import folder, keeper
from thermo_cl.learning.training.checkpoint import load_checkpoint, save_checkpoint
from thermo_cl.sweep import load_netcdf


def stop_at(epoch, minibatch):
    def progress(now):
        if (now.epoch, now.minibatch) == (epoch, minibatch) and not now.line:
            raise KeyboardInterrupt

    return progress


@pytest.fixture(scope="module")
def whole():
    """The run in one go, without a folder."""
    return run()


@pytest.fixture(scope="module")
def shuffled():
    return run(shuffle=True)


def test_a_folder_changes_nothing(whole, tmp_path):
    assert_same(run(folder=tmp_path), whole)
    assert {p.name for p in tmp_path.iterdir()} == {".lock", "checkpoint.npz", "metrics.nc", "training.log"}
    xr.testing.assert_identical(load_netcdf(tmp_path / "metrics.nc"), whole.metrics)
    lines = (tmp_path / "training.log").read_text().splitlines()
    assert [line.split()[2] for line in lines] == ["started:", *["epoch"] * 3]


@pytest.mark.parametrize("epochs", [1, 2])
def test_more_epochs_later_are_the_same(epochs, whole, tmp_path):
    run(folder=tmp_path, epochs=epochs)
    assert_same(run(folder=tmp_path, resume=True), whole)
    (tmp_path / "metrics.nc").unlink()
    assert_same(run(folder=tmp_path, resume=True), whole)  # nothing is left to do but what was lost
    xr.testing.assert_identical(load_netcdf(tmp_path / "metrics.nc"), whole.metrics)


@pytest.mark.parametrize(("epoch", "minibatch"), [(1, 1), (1, 8), (2, 5), (3, 8)])
def test_interrupted_in_an_epoch(epoch, minibatch, shuffled, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(folder=tmp_path, shuffle=True, progress=stop_at(epoch, minibatch))
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".") and p.name != ".lock"]
    assert_same(run(folder=tmp_path, shuffle=True, resume=True), shuffled)
    xr.testing.assert_identical(load_netcdf(tmp_path / "metrics.nc"), shuffled.metrics)


KILLED = """
import os, signal, sys
import numpy as np
from tests.learning.training.runs import run
from thermo_cl.learning.training import folder, keeper

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def at_call(module, name, number, *, before=False):
    function, calls = getattr(module, name), []
    def wrapped(*args, **kwargs):
        calls.append(1)
        if before and len(calls) == number:
            die()
        function(*args, **kwargs)
        if len(calls) == number:
            die()
    setattr(module, name, wrapped)

def spoil(where):
    if where == "minibatch":
        return lambda now: (now.epoch, now.minibatch) == (3, 4) and die()
    if where == "first checkpoint":
        at_call(np, "savez", 1)  # written, not yet in its place
    elif where == "checkpoint":
        at_call(np, "savez", 4)
    elif where == "metrics":
        at_call(keeper, "save_checkpoint", 3)  # the metrics are an epoch behind
    elif where == "log":
        at_call(keeper, "append_line", 3, before=True)

for place in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        run(folder=f"{sys.argv[1]}/{place}", progress=spoil(place))
        os._exit(0)
    print(-os.WTERMSIG(os.waitpid(child, 0)[1]))
"""


def test_killed_anywhere(whole, tmp_path):
    places = ("minibatch", "first checkpoint", "checkpoint", "metrics", "log")
    command = [sys.executable, "-c", KILLED, tmp_path, *places]
    path = os.pathsep.join([str(Path(__file__).parents[3]), *sys.path])
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    assert [int(line) for line in done.stdout.split()] == [-signal.SIGKILL] * len(places)
    drafts = [p for p in tmp_path.rglob(".checkpoint.*.npz") if p.stat().st_size > 0]
    assert {p.parent.name for p in drafts} == {"first checkpoint", "checkpoint"}
    for place in places:
        assert_same(run(folder=tmp_path / place, resume=True), whole)
        xr.testing.assert_identical(load_netcdf(tmp_path / place / "metrics.nc"), whole.metrics)
        left = {p.name for p in (tmp_path / place).iterdir()}
        assert left == {".lock", "checkpoint.npz", "metrics.nc", "training.log"}
        log = (tmp_path / place / "training.log").read_text()
        assert sorted(re.findall(r"epoch \d/3", log)) == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]


def test_a_crash_before_the_first_checkpoint_leaves_an_empty_folder(tmp_path):
    (tmp_path / ".lock").write_text("")
    (tmp_path / ".checkpoint.x1.npz").write_text("half a dra")
    run(folder=tmp_path, epochs=1)  # without force
    assert not (tmp_path / ".checkpoint.x1.npz").exists()


def test_a_cut_line_of_the_log_is_ended(tmp_path):
    run(folder=tmp_path, epochs=1)
    with (tmp_path / "training.log").open("a") as log:
        log.write("2026-01-01 00:00:00  epo")
    run(folder=tmp_path, resume=True, epochs=2)
    lines = (tmp_path / "training.log").read_text().splitlines()
    assert lines[2].endswith("  epo")
    assert "  resumed after epoch 1, thermo-cl " in lines[3]
    assert f"numpy {np.__version__}" in lines[3]


def test_the_log_tells_every_epoch_once_whatever_was_lost_of_it(tmp_path):
    def epochs(lines):
        found = [re.fullmatch(r"\S+ \S+  epoch +(\d+)/12 +(?:\d+\.\d|\?) s  (.*)\n", line) for line in lines]
        return [(int(match[1]), match[2]) for match in found if match]

    path = tmp_path / "training.log"
    run(folder=tmp_path, epochs=12)
    whole = path.read_text().splitlines(keepends=True)
    expected = epochs(whole)
    assert [epoch for epoch, _ in expected] == list(range(1, 13))
    for left in ([*whole[:2], whole[2][:-9]], whole[:2], [], whole[:12], whole):
        path.write_text("".join(left))
        run(folder=tmp_path, epochs=12, resume=True)
        lines = path.read_text().splitlines(keepends=True)
        if left and not left[-1].endswith("\n"):
            assert lines.pop(len(left) - 1) == f"{left[-1]}\n"  # the cut one stays as it is
        assert epochs(lines) == expected


def test_divergence_is_in_the_log(tmp_path):
    with pytest.raises(DivergenceError):
        run(folder=tmp_path, learning_rates=3e38, network=EnergyNetwork.glorot([6, 7, 3], activation=Tanh(), rng=1))
    assert "  stopped: " in (tmp_path / "training.log").read_text().splitlines()[-1]


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rule": EquilibriumPropagation(0.25, relaxation=RELAXATION)}, "rule.nudge was 0.5 and is now 0.25"),
        ({"batch": 8}, "batch was 7 and is now 8"),
        ({"rng": 1}, "rng was 0 and is now 1"),
        ({"shuffle": True}, "shuffle was False and is now True"),
        ({"reference": None}, "reference was Backpropagation and is now None"),
        ({"learning_rates": 0.1}, "learning_rates.W1 was 0.2 and is now 0.1"),
        ({"training": examples(51)}, "training.examples was 50 and is now 51"),
        ({"holdout": examples(20, seed=2)}, "holdout.sha256"),
        ({"network": network(np.float64)}, "network.dtype was 'float32' and is now 'float64'"),
    ],
)
def test_another_run_is_not_resumed(changes, said, tmp_path):
    run(folder=tmp_path, epochs=1)
    before = (tmp_path / "checkpoint.npz").read_bytes()
    with pytest.raises(InvalidParameterError) as caught:
        run(folder=tmp_path, resume=True, **changes)
    assert said in str(caught.value)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_fewer_epochs_than_done_are_refused(tmp_path):
    run(folder=tmp_path, epochs=2)
    with pytest.raises(InvalidParameterError, match="at least 2"):
        run(folder=tmp_path, epochs=1, resume=True)


def test_damage_is_never_taken_for_a_checkpoint(tmp_path, whole):
    """Cut or with one byte changed, a checkpoint is refused, or read as it was where the byte means nothing."""
    path = tmp_path / "checkpoint.npz"
    run(folder=tmp_path, epochs=1)
    good = path.read_bytes()
    for length in (0, 1, 100, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(DataError, match="damaged"):
            run(folder=tmp_path, resume=True)
    first, refusals = run(epochs=1), 0
    places = np.random.default_rng(0).integers(0, len(good), 30)
    for place in places:
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        try:
            found = run(folder=tmp_path, resume=True, epochs=1)
        except DataError:
            refusals += 1
        else:
            assert_same(found, first)
    assert refusals > 10
    path.write_bytes(good)
    assert_same(run(folder=tmp_path, resume=True), whole)


def test_no_entry_vanishes_from_a_checkpoint(tmp_path):
    """The archive's checksums cover its arrays, and not the lengths in its table of contents that can hide the next."""
    path, saved = tmp_path / "checkpoint.npz", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "save_checkpoint", lambda *args: saved.append(args) or save_checkpoint(*args))
        run(folder=tmp_path, epochs=1)
    _, kept, fingerprint = saved[-1]
    good = path.read_bytes()
    headers = [found.start() for found in re.finditer(rb"PK\x01\x02", good)]
    assert len(headers) > 20
    refusals = 0
    for place in (start + offset for start in headers for offset in (8, 28, 30, 32, 33)):  # flags; three lengths
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        try:
            found = load_checkpoint(path, kept.network, fingerprint)
        except DataError:
            refusals += 1
        else:
            assert set(found.history) == set(kept.history)
            assert len(found.holdout_states) == 2
    assert refusals > 3 * len(headers)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    path.with_suffix(".npy").replace(path)  # an array is no archive
    with pytest.raises(DataError, match="damaged"):
        load_checkpoint(path, kept.network, fingerprint)


def test_an_older_or_newer_format_is_told(tmp_path):
    run(folder=tmp_path, epochs=1)
    with np.load(tmp_path / "checkpoint.npz") as kept:
        content = dict(kept) | {"format": np.int64(99)}
    np.savez(tmp_path / "checkpoint.npz", **content)
    with pytest.raises(DataError, match="format 99"):
        run(folder=tmp_path, resume=True)


def test_an_existing_run_is_kept_unless_forced(tmp_path):
    run(folder=tmp_path, epochs=2)
    with pytest.raises(OutputError, match="not empty"):
        run(folder=tmp_path, epochs=1)
    assert run(folder=tmp_path, epochs=2, resume=True).epochs == 2
    assert_same(run(folder=tmp_path, epochs=1, force=True), run(epochs=1))
    assert len((tmp_path / "training.log").read_text().splitlines()) == 2


def test_a_folder_without_a_run_is_not_resumed(tmp_path):
    with pytest.raises(OutputError, match="no run"):
        run(folder=tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()
    with pytest.raises(OutputError, match="no run"):
        run(folder=tmp_path, resume=True)
    (tmp_path / "letter.txt").write_text("precious")
    for changes in ({"resume": True}, {}):
        with pytest.raises(OutputError):
            run(folder=tmp_path, **changes)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]  # nothing is left where nothing is done
    run(folder=tmp_path, epochs=1, force=True)
    assert (tmp_path / "letter.txt").read_text() == "precious"


def test_two_runs_do_not_share_a_folder(tmp_path):
    def progress(now):
        if now.line:
            with pytest.raises(OutputError, match="another process"):
                run(folder=tmp_path, resume=True)

    run(folder=tmp_path, epochs=1, progress=progress)
    run(folder=tmp_path, epochs=2, resume=True)  # let go when the first ended


@pytest.mark.parametrize(
    ("number", "said"), [(errno.EWOULDBLOCK, "another process is training"), (errno.ENOLCK, "cannot be locked")]
)
def test_a_lock_that_fails_is_told_by_its_reason(number, said, tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OutputError, match=said):
        run(folder=tmp_path)


def test_a_folder_where_nothing_can_be_removed_is_told(tmp_path, monkeypatch):
    run(folder=tmp_path, epochs=1)

    def unlink(self, *, missing_ok=False):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(OutputError, match=r"training.log cannot be removed \(Permission denied\)"):
            run(folder=tmp_path, epochs=1, force=True)


def test_a_run_that_ends_while_this_one_waits_for_the_lock_is_kept(tmp_path, monkeypatch):
    def held(*_):
        (tmp_path / "checkpoint.npz").write_text("of the other run")

    monkeypatch.setattr(folder, "hold", held)
    with pytest.raises(OutputError, match="not empty"):
        run(folder=tmp_path)
    assert (tmp_path / "checkpoint.npz").read_text() == "of the other run"
