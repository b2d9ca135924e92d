"""The JSON of ``benchmarks.feedback`` as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.table_text import aligned, duration, times


def render(results: dict[str, Any]) -> str:
    """Seconds of a training cycle of each network, beside the straightforward way, and what they rest on."""
    env, cycles = results["environment"], results["physical_cycles"]
    rows = [["a training cycle", "edges", "straightforward", "thermo_cl", "of it, all states", "ratio"]]
    for name, found in cycles.items():
        ours = found["cycle"]["median"]
        rows.append([
            name, f"{found['edges']:,}", duration(found["naive_seconds"]), duration(ours),
            duration(found["states"]["median"]), times(found["naive_over_cycle"]),
        ])  # fmt: skip
    repeats = next(iter(cycles.values()))["cycle"]["repeats"]
    largest = max(found["largest_difference"] for found in cycles.values())
    basis = (
        f"{results['patterns']} patterns a cycle. Medians of {repeats} repetitions after a warm-up, the "
        "straightforward way once, in the same run: a matrix assembled and solved for every state, and outputs summed "
        f"on a grid of 6,000 times; its updates differ from ours by at most {largest:.0e} of the largest. One "
        f"factorisation serves all states of ours. {env['numba_threads']} threads, thermo-cl {env['thermo-cl']}, "
        f"numpy {env['numpy']}, scipy {env['scipy']}, numba {env['numba']}."
    )
    return "\n\n".join([aligned(rows), basis])
