"""The benchmark's JSON as Markdown: ``python -m benchmarks.table [FILE ...] [--update-readme]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import (
    dual_propagation_table,
    feedback_table,
    learning_table,
    phases_table,
    sweeps_table,
    thermodynamics_table,
)
from benchmarks.table_text import aligned, duration, times
from thermo_cl.errors import ThermoError
from thermo_cl.sweep import atomic_output

HERE = Path(__file__).resolve().parent


class TableError(Exception):
    """Why a table cannot be made or placed, and what to do."""


def render(results: dict[str, Any]) -> str:
    """Two Markdown tables and what they rest on, with padded columns."""
    env, repeats = results["environment"], results["datasets"]["dissipation"]["repeats"]
    starts = results["processes"]["import"]["repeats"]
    versions = ", ".join(f"{name} {env[name]}" for name in ("thermo-cl", "numpy", "scipy", "numba"))
    basis = (
        f"Medians of {repeats} repetitions ({starts} for processes) after a warm-up; {env['numba_threads']} threads, "
        f"Python {env['python']}, {versions}."
    )
    return "\n\n".join([aligned(_comparison_rows(results)), _note(results), aligned(_library_rows(results)), basis])


def _comparison_rows(results: dict[str, Any]) -> list[list[str]]:
    rows = [["same curves, same run", "straightforward pipeline", "thermo_cl", "ratio"]]
    step = results["kernels"]["step_kernel"]["median"]
    kernel = results["figure_6b"]["kernel_seconds"]["median"]
    rows.append(["one ladder's kernel", duration(kernel), duration(step), times(kernel / step)])
    for name, title, curve in (("figure_6b", "Fig. 6B", "one ladder"), ("figure_4c", "Fig. 4C", "one protocol")):
        c = results[name]
        ours, ratio, curves, amplitudes = (
            c["library_seconds_per_curve"]["all_threads"], c["ratio"]["all_threads"], c["curves"], c["amplitudes"]
        )  # fmt: skip
        whole = [duration(c[f"extrapolated_seconds_per_{part}"]) + " \\*" for part in ("curve", "figure")]
        naive, share = c["amplitude_seconds"]["median"], ours / amplitudes
        rows += [
            [f"{title}, one amplitude", duration(naive), duration(share), times(naive / share)],
            [f"{title}, {curve} of {amplitudes} amplitudes", whole[0], duration(ours), times(ratio)],
            [f"{title}, all {curves}", whole[1], duration(ours * curves), times(ratio)],
        ]
    return rows


def _note(results: dict[str, Any]) -> str:
    six, four = results["figure_6b"], results["figure_4c"]
    return (
        f"\\* Extrapolated, not run: `benchmarks/naive.py` was timed at {six['amplitude_seconds']['repeats']} points "
        f"of Fig. 6B and {four['amplitude_seconds']['repeats']} of Fig. 4C. There the updates of the two differ "
        f"by at most {six['largest_difference_over_amplitude_max']:.1e} and "
        f"{four['largest_difference_over_amplitude_max']:.1e} of A_max, the pipeline's grid error. The library's times "
        f"include metrics, dissipation and labels, the pipeline's do not. The pipeline runs on one thread; with the "
        f"library on one thread too, the ratio for Fig. 6B is {times(six['ratio']['one_thread'])}."
    )


def _library_rows(results: dict[str, Any]) -> list[list[str]]:
    sets, kernels, processes = results["datasets"], results["kernels"], results["processes"]
    rate = times(sets["ladders_per_second"])
    lines = [
        (f"Figs. 6B and 9B, exact kernels, metrics, dissipation: {rate} ladders a second", sets["dissipation"]),
        ("... with kernels cut after five units, as in the paper", sets["dissipation_paper"]),
        ("... and on one thread", sets["dissipation_paper_one_thread"]),
        ("Fig. 4C, with three-segment fits by pwlf", sets["dynamic_range"]),
        ("Fig. 5C, with three-segment fits by pwlf", sets["offset"]),
        ("step kernel, per ladder in a batch", kernels["step_kernel"]),
        ("steady state, per ladder in a batch", kernels["steady_state"]),
        ("fresh process: start of Python alone", processes["interpreter"]),
        ("fresh process: `import thermo_cl`", processes["import"]),
        ("fresh process: whole Fig. 6B data set", processes["dissipation"]),
    ]
    rows = [[title, duration(t["median"]), f"{duration(t['min'])} to {duration(t['max'])}"] for title, t in lines]
    first = duration(processes["dissipation_compiling_seconds"])
    return [
        ["thermo_cl alone", "median", "range"],
        *rows,
        ["... the first time, compiling", first, "once"],
        ["... its peak memory", f"{processes['peak_memory_mib']:.0f} MiB", "largest"],
    ]


def place(text: str, table: str, name: str) -> str:
    """The text with the table between the two markers of that name.

    Raises
    ------
    TableError
        If the markers are not there, once each and in order.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise TableError(f"the readme must hold the lines {start} and {end}, once each and in this order; add them")
    return f"{text[: text.index(start)]}{start}\n\n{table}\n\n{text[text.index(end) :]}"


_TABLES = {
    "benchmark": render,
    "thermodynamics": thermodynamics_table.render,
    "learning": learning_table.render,
    "sweeps": sweeps_table.render,
    "phases": phases_table.render,
    "dual-propagation": dual_propagation_table.render,
    "feedback": feedback_table.render,
}
_FILES = ("latest", "thermodynamics", "learning", "sweeps", "phases", "dual_propagation", "feedback")
_NAMES = {
    "million_levels": "thermodynamics",
    "naive_minibatch": "learning",
    "engine": "sweeps",
    "sampling": "phases",
    "torch_over_backpropagation": "dual-propagation",
    "physical_cycles": "feedback",
}  # by an entry that only this one has


def load(path: Path) -> dict[str, Any]:
    """Results of a run.

    Raises
    ------
    TableError
        If there is no such file or it is not JSON.
    """
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise TableError(f"{path.name} cannot be read; make it first with python -m benchmarks") from None
    except ValueError:
        raise TableError(f"{path.name} is not JSON; make it again with python -m benchmarks") from None
    return results


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="default: all files here")
    parser.add_argument("--update-readme", action="store_true", help="put the tables between the readme's markers")
    parser.add_argument("--readme", type=Path, default=HERE.parent / "README.md", metavar="FILE", help="which readme")
    options = parser.parse_args(arguments)
    file = HERE
    try:
        for file in options.files or [HERE / f"{name}.json" for name in _FILES]:
            results = load(file)
            name = next((name for key, name in _NAMES.items() if key in results), "benchmark")
            table = _TABLES[name](results)
            if not options.update_readme:
                print(table, end="\n\n")
                continue
            if results["quick"]:
                raise TableError("this is a --quick run, not for the readme; make the file in full")
            text = place(options.readme.read_text(encoding="utf-8"), table, name)
            with atomic_output(options.readme, force=True) as draft:
                draft.write_text(text, encoding="utf-8")
    except KeyError as error:
        print(f"error: {file.name} has no {error}; make it again with python -m benchmarks", file=sys.stderr)
        return 1
    except (TableError, ThermoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
