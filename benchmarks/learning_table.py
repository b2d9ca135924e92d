"""The JSON of ``benchmarks.learning`` as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.table_text import aligned, duration, times


def render(results: dict[str, Any]) -> str:
    """Tables beside the straightforward way and of whole runs, and what they rest on."""
    env, naive, trained = results["environment"], results["naive_minibatch"], results["trained_epochs"]
    slow, start, later = naive["seconds"]["median"], results["minibatch_at_start"], results["minibatch_later"]
    beside = [
        ["one minibatch of the paper's run, same run", "straightforward", "thermo_cl", "ratio"],
        ["when training begins", duration(slow), duration(start["median"]), times(results["times_faster_at_start"])],
        [f"after {trained} epochs", duration(slow), duration(later["median"]), times(results["times_faster_later"])],
    ]
    epoch, training, process = results["epoch"], results["training_epoch"], results["fresh_process"]
    alone = [
        ["784-500-10, 500 minibatches of 20", "median", "range"],
        ["an epoch: relaxation, estimate, update", duration(epoch["median"]), _range(epoch)],
        [
            "an epoch of `thermo-cl train`, with metrics, angles and checkpoint", duration(training["median"]),
            _range(training),
        ],
        ["peak memory of a process that trains", f"{process['peak_mib']:.0f} MiB", ""],
    ]  # fmt: skip
    basis = (
        "The straightforward way (`benchmarks/naive_learning.py`) interpolates, convolves and integrates arrays of "
        f"784 x 500 x time; in float64 its estimates agree with ours to {naive['largest_difference']:.0e} of the "
        f"largest. BLAS on one thread, {env['numba_threads']} for the rest; Python {env['python']}, "
        f"numpy {env['numpy']}, scipy {env['scipy']}, numba {env['numba']}."
    )
    return "\n\n".join([aligned(beside), aligned(alone), basis])


def _range(timing: dict[str, Any]) -> str:
    return f"{duration(timing['min'])} to {duration(timing['max'])}"
