"""The JSON of ``benchmarks.phases`` as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.table_text import aligned, duration, times


def render(results: dict[str, Any]) -> str:
    """Tables of Gibbs steps beside peers and of learning, and what they rest on."""
    env, peers, learning = results["environment"], results["peers"], results["learning"]
    steps = ", ".join(f"{count:,} (with {chains})" for chains, count in results["sampling_steps"].items())
    versions = {**{name: env[name] for name in ("thermo-cl", "numpy", "numba")}, **peers["versions"]}
    basis = (
        f"Medians after a warm-up, in the same run; steps of all chains, both layers, in a call: {steps}. All may "
        f"use {env['processors']} cores: numba {env['numba_threads']} threads, torch {peers['threads']['torch']}, BLAS "
        f"{peers['threads'].get('BLAS', 'as it chooses')}. scikit-learn with weights of float32 or float64, whichever "
        f"is faster; learnergy without gradients. Learning: {learning['phases']:,} phases of {learning['length']} "
        "steps, batch 1, 794-16, on one core, one run each; forward-forward: 784-500-500, batch 1, Adam. "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )
    return "\n\n".join([aligned(_sampling_rows(results["sampling"])), aligned(_learning_rows(results)), basis])


def _sampling_rows(sampling: dict[str, Any]) -> list[list[str]]:
    rows = [
        [
            "Gibbs steps a second, all chains", "scikit-learn `gibbs`", "learnergy `gibbs_sampling`", "thermo_cl",
            "over scikit-learn", "over learnergy",
        ]
    ]  # fmt: skip
    for size, found in sampling.items():
        shape, chains = size.split(", ")
        slow = min(found[f"scikit-learn, {dtype}"]["median"] for dtype in ("float32", "float64"))
        rates = [times(int(chains) / t) for t in (slow, found["learnergy"]["median"], found["thermo_cl"]["median"])]
        ratios = [times(found["ratio"][name]) for name in ("scikit-learn", "learnergy")]
        rows.append([f"{shape}, {chains} chain{'s' if chains != '1' else ''}", *rates, *ratios])
    return rows


def _learning_rows(results: dict[str, Any]) -> list[list[str]]:
    learning, network = results["learning"], results["forward_forward"]
    start = learning["test_negative_log_likelihood_at_start"]
    rows = [["learning", "time", f"exact test cost, nats (from {start:.0f})"]]
    for name, found in learning["trainers"].items():
        cost = f"{found['test_negative_log_likelihood']:.1f}"
        rows.append([f"binarised MNIST, {name}", duration(found["seconds"]), cost])
    names = ("two-term", "ISD")
    return rows + [[f"a forward-forward phase, {name}", duration(network[name]["median"]), ""] for name in names]
