"""The JSON of ``benchmarks.thermodynamics`` as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.table_text import aligned, duration, times


def render(results: dict[str, Any]) -> str:
    """Tables beside the peers and of sizes, and what they rest on."""
    env, peers = results["environment"], results["beside_peers"]["peers"]["versions"]
    versions = ", ".join(f"{name} {version}" for name, version in {**_ours(env), **peers}.items())
    basis = (
        f"Medians of {results['driven']['seconds']['repeats']} repetitions after a warm-up, Python {env['python']}, "
        f"{versions}. Beside peers everything runs on one thread; our steady states start from the ladders' "
        "parameters, the peers' from ready matrices. gillespy2 runs the ladder as a reaction network of one molecule."
    )
    return "\n\n".join([aligned(_peer_rows(results)), aligned(_size_rows(results)), basis])


def _ours(env: dict[str, Any]) -> dict[str, str]:
    return {name: env[name] for name in ("thermo-cl", "numpy", "scipy", "numba")}


def _peer_rows(results: dict[str, Any]) -> list[list[str]]:
    beside = results["beside_peers"]
    peers, ratio = beside["peers"], beside["ratio"]
    steady, jump = beside["steady_state"]["median"], beside["jump"]["median"]
    title = f"steady state, {beside['ladders']:,} ladders of ten states, each"
    rows = [
        (title, "quantecon `gth_solve`", peers["quantecon_steady_state"]["median"], steady, ratio["quantecon"]),
        (
            "the same",
            "deeptime `stationary_distribution`",
            peers["deeptime_steady_state"]["median"],
            steady,
            ratio["deeptime"],
        ),
        ("one jump of a ladder", "plain compiled loop", beside["plain_loop_jump"]["median"], jump, ratio["plain_loop"]),
        ("the same", "gillespy2 `NumPySSASolver`", peers["gillespy2_jump"]["median"], jump, ratio["gillespy2"]),
    ]
    header = ["same problems, same run", "peer", "peer's time", "thermo_cl", "ratio"]
    return [header, *([name, peer, duration(theirs), duration(ours), times(r)] for name, peer, theirs, ours, r in rows)]


def _size_rows(results: dict[str, Any]) -> list[list[str]]:
    million, driven = results["million_levels"], results["driven"]
    rows = [
        ["ladder of 10⁶ levels: steady state, currents, entropy production", duration(million["seconds"]["median"]),
         f"{million['peak_memory_mib']:.0f} MiB, whole process"],
        ["... its kernel's area and first moment", duration(million["moments_seconds"]["median"]), ""],
        ["periodic state of the driven 5-level ladder", duration(driven["seconds"]["median"]),
         f"to {driven['largest_error']:.0e}"],
    ]  # fmt: skip
    for name, curve in results["sizes"].items():
        largest = f"{curve['sizes'][-1]:,}"
        rows.append([f"{name}: {largest}", duration(curve["seconds"][-1]), f"grows with power {curve['exponent']:.2f}"])
    return [["size", "time", ""], *rows]
