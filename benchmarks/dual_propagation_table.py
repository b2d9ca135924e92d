"""The JSON of ``benchmarks.dual_propagation`` as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.table_text import aligned, duration, times


def render(results: dict[str, Any]) -> str:
    """Seconds of a minibatch for every rule and for torch, and what they rest on."""
    env, torch = results["environment"], results["torch"]
    sizes = "-".join(map(str, results["sizes"]))
    peer = torch["seconds_per_minibatch"][torch["best"]]
    own = results["seconds_per_minibatch"]["backpropagation"]["median"]
    rows = [[f"a minibatch of {results['batch']}, {sizes}, Adam", "median", "over our backpropagation"]]
    rows.append([f"torch, backpropagation ({torch['best']})", duration(peer["median"]), times(peer["median"] / own)])
    for name, found in results["seconds_per_minibatch"].items():
        rows.append([f"thermo_cl, {name}", duration(found["median"]), times(results["over_backpropagation"][name])])
    basis = (
        f"Medians of {peer['repeats']} epochs of {results['minibatches']} minibatches (fewer where sweeps are made) "
        "after a warm-up, in the same run. Ours as `train` does it, with norms of all updates; BLAS on one thread, "
        f"Adam on {env['numba_threads']}. The fastest of torch's three forms of Adam on one thread and on "
        f"{env['processors']}. thermo-cl {env['thermo-cl']}, numpy {env['numpy']}, numba {env['numba']}, "
        f"torch {torch['versions']['torch']}."
    )
    return "\n\n".join([aligned(rows), basis])
