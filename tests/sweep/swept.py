"""Functions that the tests of the engine sweep, importable by worker processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from thermo_cl.sweep import Quantity


def plain(x, y=2.0):
    return {"sum": x + y, "large": np.sin(x) > 0.5}


def curves(x, y=2.0, *, length=5):
    axis = np.linspace(0.0, 1.0, length)
    return {
        "axis": Quantity("axis", axis, "place", "m"),
        "curve": Quantity(
            ("point", "axis"), np.exp(-np.multiply.outer(x, axis)) * np.asarray(y)[:, None], "curve", "1"
        ),
        "whole": Quantity("point", np.asarray(y).astype(np.int32), "whole part", "1"),
    }


def slow(x, *, seconds=0.05):
    time.sleep(seconds)
    return {"square": x * x}


def deadly(x, *, flag, times=1):
    """Kill the process that computes, but only so often."""
    for i in range(times):
        try:
            os.close(os.open(f"{flag}{i}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        if x[0] > 0.0:  # not the driver, which tries the first points
            os.kill(os.getpid(), signal.SIGKILL)
        Path(f"{flag}{i}").unlink()
    return {"square": x * x}


def failing(x):
    if (x > 50.0).any():
        raise ZeroDivisionError("x is too large")
    return {"square": x * x}


def inconsistent(x):
    return {"square": x * x} if x[0] < 50 else {"square": (x * x).astype(np.float32)}


def unsteady(x):
    return {"axis": Quantity("axis", [float(x[0] > 50)], "place", "m"), "square": x * x}


def touching(x, *, folder):
    """Leave a file for every call."""
    Path(folder, f"{x[0]:.0f}-{len(x)}").touch()
    return {"square": x * x}


def slow_free(x, *, power=2):
    return {"square": x**power}


def other(x):
    return {"square": x**2}


def lethal(x, *, at=51.0):
    """Kill the process that computes one of the points."""
    if (x == at).any():
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": x * x}
