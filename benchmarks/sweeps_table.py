"""The JSON of ``benchmarks.sweeps`` as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.table_text import aligned, duration, times


def render(results: dict[str, Any]) -> str:
    """Tables of sizes, of the engine and of the plain way, and what they rest on."""
    env = results["environment"]
    versions = ", ".join(f"{name} {env[name]}" for name in ("thermo-cl", "numpy", "scipy", "numba"))
    basis = (
        f"Every sweep once, in fresh processes that stream to a Zarr store: {results['workers']} workers, chunks of "
        f"{results['chunk']} ladders, times with the start of the workers. Memory is the sum over all processes, "
        f"shared pages counted once. The cluster is computed, not measured: {results['cluster']['formula']}. Python "
        f"{env['python']}, {versions}."
    )
    return "\n\n".join([aligned(_size_rows(results)), aligned(_share_rows(results)), basis])


def _size_rows(results: dict[str, Any]) -> list[list[str]]:
    rows = [["ladders on two cores", "time", "a ladder", "peak memory", "grows with power"]]
    for name, curve in results["sizes"].items():
        for i, (size, seconds) in enumerate(zip(curve["sizes"], curve["seconds"], strict=True)):
            power = f"{curve['exponent']:.2f}" if i == len(curve["sizes"]) - 1 else ""
            rows.append([
                f"{name}: {size:,}", duration(seconds), duration(seconds / size), f"{curve['peak_mib'][i]:.0f} MiB",
                power,
            ])  # fmt: skip
    return rows


def _share_rows(results: dict[str, Any]) -> list[list[str]]:
    efficiency, plain, cluster = results["efficiency"], results["plain"], results["cluster"]
    curves = results["sizes"]["curves of 500 amplitudes"]
    ours = curves["seconds"][-1] / curves["sizes"][-1]
    pool, pipeline = plain["pool_seconds_per_ladder"], plain["pipeline_seconds_per_ladder"] / results["workers"]
    gains = (("threads", efficiency["threads"]), ("processes", efficiency["processes"]))
    rows = [["what", "", ""], *([f"efficiency from one to two {n}", f"{100 * gain:.0f} %", ""] for n, gain in gains)]
    for name, engine in results["engine"].items():
        rows.append([
            f"engine, {name}", f"{duration(engine['seconds_per_chunk'])} a chunk",
            f"{duration(engine['seconds_per_point'])} a point",
        ])  # fmt: skip
    rows += [
        ["one ladder at a time, `Pool.map`", f"{duration(pool)} a ladder", f"{times(pool / ours)} times ours"],
        [
            "the papers' pipeline on two cores, extrapolated",
            f"{duration(pipeline)} a ladder",
            f"{times(pipeline / ours)} times ours",
        ],
        [
            f"{cluster['ladders']:.0e} ladders on {cluster['cores']:,} cores, chunks of {cluster['chunk']:,}, computed",
            duration(cluster["seconds"]),
            f"{cluster['core_hours']:,.0f} core-hours, {cluster['store_bytes'] / 1e9:,.0f} GB",
        ],
    ]
    return rows
