r"""Three networks that learn by their own physics, beside the two-state rule and the exact gradient on the same ones.

The shipped scenarios: Maxwell units on a disordered elastic network, chemicals on a network of pipes, and
capacitor-memristor pairs on a network of channels (Falk et al. 2025, Fig. 7). Each is trained by

- *physical*: what a sawtooth of the nudge does through the carriers of the edges, and nothing else;
- *physical, told the ramp*: the same carriers without their threshold, switched on during the fast ramp;
- *two-state*: coupled learning, which stores the two ends of the same nudge and compares them;
- *exact gradient*: steepest descent.

At one rate the physical rule may end far below the two-state rule. That is no merit of the physics: the rule which is
told the ramp does as well. What differs is how the carriers weigh the edges: strands of Maxwell units are lost in
proportion to their number, so that strong edges learn faster. And at a large rate one of the two oscillates before
the other does, which need not be the physical one. ``rate_loss`` therefore tells all rules at all rates of a grid,
and the best rate of each. As many of these networks can come arbitrarily close to their targets, a rule at a good
rate ends at rounding, and a physical one where the nudge's amplifier saturates and its signals pass no threshold; the
number of cycles to a hundredth of the loss compares them better. Where the best rate is the largest of the grid, a
larger one may be better still.

Sensitivities change one thing at a time, everything else as shipped. A shorter slow ramp at the same fast one, and a
higher threshold, leave edges of small signals out; a lower one lets the slow ramp undo what the fast one taught. The
fast ramp may be shorter than the memory time: what comes late passes the threshold on the slow ramp, as long as that
one leaves time for it. A leak gives the kernel an area: the output then rests at the area times the constant
strain^2/2, and once that passes the threshold it teaches all of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from analysis._physical_runs import RULES, VARIED, Job, Values, run_all, setting
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback import SHIPPED, PhysicalRule, Scenario
from thermo_cl.feedback.learning.nudges import amplitude_of, rescaled
from thermo_cl.feedback.networks import Contrast, contrast
from thermo_cl.sweep import Quantity, label, provenance

RATES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0)
FAST = (1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0)
RATIOS = (3.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5)
THRESHOLDS = (1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4)
LEAKS = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 10.0)
FLOOR = 1e-12  # of the loss before training, to which losses are compared on a logarithmic scale


def compute(
    *,
    networks: Sequence[str] = SHIPPED,
    seeds: int = 5,
    cycles: int | None = None,
    rates: Sequence[float] = RATES,
    fast: Sequence[float] = FAST,
    ratios: Sequence[float] = RATIOS,
    thresholds: Sequence[float] = THRESHOLDS,
    leaks: Sequence[float] = LEAKS,
    folder: Path | None = None,
    workers: int = 2,
    rng: int = 0,
) -> xr.Dataset:
    """Losses, angles and updates of all rules, sensitivities of the physical one, and networks before and after.

    Parameters
    ----------
    networks : sequence of str
        Of ``thermo_cl.feedback.SHIPPED``.
    seeds : int
        Networks of each kind, >= 1.
    cycles : int, optional
        Of every training, >= 1; by default the scenarios' own.
    rates : sequence of float
        Over the scenarios' own, > 0; 1 among them.
    fast : sequence of float
        Duration of the fast ramp over the carrier's memory time, > 0.
    ratios : sequence of float
        Slow ramp over fast ramp, > 0.
    thresholds : sequence of float
        Over the carrier's own, > 0.
    leaks : sequence of float
        Area of the kernel over its first moment, in size, times the slow ramp, > 0.
    folder : Path, optional
        Keeps every finished job, so that an interrupted study goes on.
    workers : int
        Processes at a time. Nothing but the times depends on them.
    rng : int
        First seed.

    Returns
    -------
    xarray.Dataset
        Takes about four minutes on two cores, ten on busy ones.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    counted = {"seeds": check.integer_at_least("seeds", seeds, 1)}
    check.integer_at_least("workers", workers, 1)
    first = check.integer_at_least("rng", rng, 0)
    length = 0 if cycles is None else check.integer_at_least("cycles", cycles, 1)
    kinds = tuple(networks)
    if not kinds or len(set(kinds)) < len(kinds) or set(kinds) - set(SHIPPED):
        raise InvalidParameterError("networks", kinds, f"different ones of {', '.join(SHIPPED)}")
    grids = {"rates": rates, "fast": fast, "ratios": ratios, "thresholds": thresholds, "leaks": leaks}
    checked = {name: _row(name, check.positive(name, values)) for name, values in grids.items()}
    if 1.0 not in checked["rates"]:
        raise InvalidParameterError("rates", list(rates), "with the shipped rate, 1, among them")
    own = range(first, first + seeds)

    def job(network: str, seed: int, rule: str, what: str, values: FloatArray) -> Job:
        return Job(network, seed, rule, what, tuple(values.tolist()), length)

    ordered = np.concatenate([[1.0], checked["rates"][checked["rates"] != 1.0]])  # the shipped rate first
    varied = dict(zip(VARIED, ("fast", "ratios", "thresholds", "leaks"), strict=True))
    blocks = {rule: [[job(n, s, rule, "rate", ordered) for s in own] for n in kinds] for rule in RULES} | {
        what: [[job(n, s, "physical", what, checked[name]) for s in own] for n in kinds]
        for what, name in varied.items()
    }
    found = run_all(blocks, folder, workers=workers)
    scenarios = [[setting(one, 1.0).scenario for one in row] for row in blocks["physical"]]
    steps = {len(values["losses"][0]) for row in found["two-state"] for values in row if values["losses"][0]}
    if len(steps) > 1:
        raise InvalidParameterError("cycles", None, "given, as the scenarios' own numbers differ")
    total = steps.pop()
    variables = _learning(found, ordered, checked["rates"], total) | _first_cycle(scenarios)
    for what in varied:
        variables |= _sensitivity(found[what], what, _DIMENSIONS[what])
    shown = [_middle(row) for row in found["physical"]]
    drawn, coordinates = _drawn(
        [row[k] for row, k in zip(scenarios, shown, strict=True)],
        [row[k] for row, k in zip(found["physical"], shown, strict=True)],
    )
    drawn["drawn_seed"] = Quantity("network", [own[k] for k in shown], "seed of the network that is drawn", "1")
    coordinates |= {
        "network": Quantity("network", list(kinds), "network that learns", "1"),
        "rule": Quantity("rule", list(RULES), "rule that it learns by", "1"),
        "seed": Quantity("seed", list(own), "seed of network and task", "1"),
        "cycle": Quantity("cycle", np.arange(total), "cycles done", "1"),
        "update": Quantity("update", np.arange(1, total), "number of the cycle", "1"),
        "rate_factor": Quantity("rate_factor", checked["rates"], "learning rate over the shipped one", "1"),
        "fast_ramp": Quantity("fast_ramp", checked["fast"], "fast ramp over memory time of the carrier", "1"),
        "ramp_ratio": Quantity("ramp_ratio", checked["ratios"], "slow ramp over fast ramp", "1"),
        "threshold_factor": Quantity("threshold_factor", checked["thresholds"], "threshold over the shipped one", "1"),
        "leak": Quantity("leak", checked["leaks"], "area over first moment, in size, times the slow ramp", "1"),
    }
    parameters = counted | {"networks": list(kinds), "cycles": total - 1}
    parameters |= {name: values.tolist() for name, values in checked.items()}
    parameters["scenarios"] = {row[0].name: _words(row[0]) for row in scenarios}
    return label(
        variables | drawn, coordinates,
        provenance("physical networks that learn (Falk et al. 2025, Fig. 7; PHYSICS.md, 6)", parameters, seed=first),
    )  # fmt: skip


_DIMENSIONS = {"fast": "fast_ramp", "ratio": "ramp_ratio", "threshold": "threshold_factor", "leak": "leak"}


def _row(name: str, values: FloatArray) -> FloatArray:
    if values.ndim != 1 or values.size == 0:
        raise InvalidParameterError(f"{name}.shape", values.shape, "(n,), at least one")
    return values


def _words(scenario: Scenario) -> dict[str, Any]:
    return {
        "carrier": repr(scenario.carrier), "fast": float(scenario.protocol.fast), "slow": float(scenario.protocol.slow),
        "mean": float(scenario.protocol.mean), "rate": scenario.rate, "amplitude": repr(scenario.amplitude),
        "bounds": list(scenario.bounds), "nudge": scenario.nudge, "edges": scenario.network.n_edges,
        "patterns": int(scenario.task.targets.shape[0]), "outputs": int(scenario.task.targets.shape[1]),
    }  # fmt: skip


def _filled(values: list[Any] | None, size: int) -> FloatArray:
    return np.full(size, np.nan) if values is None else np.array(values, dtype=float)


def _learning(
    found: dict[str, list[list[Values]]], ordered: FloatArray, rates: FloatArray, total: int
) -> dict[str, Quantity]:
    """Of every rule at the shipped rate, and at all rates."""
    place = [int(np.flatnonzero(ordered == rate)[0]) for rate in rates]

    def at_rate_one(name: str, size: int) -> FloatArray:
        return np.array([[[_filled(v[name][0], size) for v in row] for row in found[rule]] for rule in RULES])

    def over_rates(what: Any) -> FloatArray:
        return np.array([
            [[[what(_filled(v["losses"][k], total)) for k in place] for v in row] for row in found[rule]]
            for rule in RULES
        ])  # fmt: skip

    losses = at_rate_one("losses", total)
    last = over_rates(lambda loss: loss[-1] / loss[0])
    fall = over_rates(lambda loss: np.argmax(loss <= 0.01 * loss[0]) if (loss <= 0.01 * loss[0]).any() else np.nan)
    ranked = np.log(np.clip(np.where(np.isnan(last), np.inf, last), FLOOR, None)).mean(axis=2)  # (rule, network, rate)
    best = ranked.argmin(axis=-1)
    at_best = np.take_along_axis(last, best[:, :, None, None], axis=-1)[..., 0]
    angles, updated = at_rate_one("angles", total - 1), at_rate_one("updated", total - 1)
    angles[RULES.index("exact gradient")] = 0.0
    seconds = np.array([[[v["seconds"][0] for v in row] for row in found[rule]] for rule in RULES])
    one, two = RULES.index("physical"), RULES.index("two-state")
    by = ("network", "rule", "seed")

    def turned(values: FloatArray) -> FloatArray:
        return np.moveaxis(values, 0, 1)

    return {
        "loss": Quantity((*by, "cycle"), turned(losses), "loss after so many cycles", "output^2"),
        "angle": Quantity((*by, "update"), turned(angles), "angle from steepest descent to the update", "degree"),
        "updated": Quantity((*by, "update"), turned(updated), "share of the edges that a cycle changes", "1"),
        "final_loss": Quantity(by, turned(losses[..., -1]), "loss after the last cycle", "output^2"),
        "loss_ratio": Quantity(
            ("network", "seed"), losses[one, ..., -1] / losses[two, ..., -1],
            "final loss, physical over two-state, at the shipped rate", "1",
        ),
        "training_time": Quantity(by, turned(seconds), "wall time of a training", "s"),
        "rate_loss": Quantity((*by, "rate_factor"), turned(last), "final loss over that before training", "1"),
        "fall": Quantity((*by, "rate_factor"), turned(fall), "cycles until the loss is a hundredth", "1"),
        "best_rate": Quantity(("network", "rule"), rates[best].T, "rate factor of the least mean log final loss", "1"),
        "best_loss": Quantity(by, turned(at_best), "final loss over that before training, at the best rate", "1"),
    }  # fmt: skip


def _first_cycle(scenarios: list[list[Scenario]]) -> dict[str, Quantity]:
    """How large the first updates are, and how close the slow ramp comes to the threshold."""
    steps, slow = np.empty((2, len(scenarios), len(scenarios[0])))
    for i, row in enumerate(scenarios):
        for j, scenario in enumerate(row):
            seen, c = _shown(scenario), scenario.network.coefficients
            physical: PhysicalRule = scenario.physical()
            sizes = [np.linalg.norm(rule.update(seen, c)) for rule in (physical, scenario.two_state())]
            steps[i, j] = sizes[0] / sizes[1]
            slow[i, j] = np.abs(physical.slow_outputs(seen, c)).max() / physical.carrier.threshold
    return {
        "step_ratio": Quantity(
            ("network", "seed"), steps, "size of the first update, physical over two-state, at one rate", "1"
        ),
        "slow_output": Quantity(
            ("network", "seed"), slow, "largest output of the first slow ramp over the threshold", "1"
        ),
    }


def _shown(scenario: Scenario) -> Contrast:
    seen = contrast(scenario.network, scenario.task, amplitude=1.0, nudge=scenario.nudge)
    return rescaled(seen, amplitude_of(scenario.amplitude, seen))


def _sensitivity(rows: list[list[Values]], what: str, dimension: str) -> dict[str, Quantity]:
    """Final loss, mean angle and mean share of a physical rule with one thing changed."""

    def values(one: Values, name: str) -> FloatArray:
        found = [None if v is None else np.array(v, dtype=float) for v in one[name]]
        if name == "losses":
            return np.array([np.nan if v is None else v[-1] / v[0] for v in found])
        return np.array([np.nan if v is None or np.isnan(v).all() else np.nanmean(v) for v in found])

    told = {
        "losses": ("loss", "final loss over that before training", "1"),
        "angles": ("angle", "mean angle from steepest descent to the update", "degree"),
        "updated": ("updated", "mean share of the edges that a cycle changes", "1"),
    }
    return {
        f"{what}_{short}": Quantity(
            ("network", "seed", dimension), [[values(one, name) for one in row] for row in rows], meaning, units
        )
        for name, (short, meaning, units) in told.items()
    }


def _middle(row: list[Values]) -> int:
    """Which of the trainings ends at the median of the losses over those before; the lower one of two."""
    share = [np.inf if v["losses"][0] is None else v["losses"][0][-1] / v["losses"][0][0] for v in row]
    return int(np.argsort(share, kind="stable")[(len(share) - 1) // 2])


def _drawn(scenarios: list[Scenario], runs: list[Values]) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """Networks, one of each kind, padded to the largest: places, ends of edges, coefficients, what is what."""
    edges = max(s.network.n_edges for s in scenarios)
    nodes = max(len(s.network.positions) for s in scenarios)
    count = len(scenarios)
    place = np.full((count, nodes, 2), np.nan)
    ends = np.full((count, edges, 2), -1)
    before, after = np.full((2, count, edges), np.nan)
    node_kind, edge_kind = np.full((count, nodes), "", dtype="U8"), np.full((count, edges), "", dtype="U8")
    for k, (scenario, run) in enumerate(zip(scenarios, runs, strict=True)):
        network = scenario.network
        n, m = len(network.positions), network.n_edges
        place[k, :n], ends[k, :m] = network.positions, network.edges
        before[k, :m] = network.coefficients
        if run["after"]:
            after[k, :m] = run["after"][0]
        per_node = network.n_dofs // n
        node_kind[k, :n], edge_kind[k, :m] = "inner", "inner"
        readout = np.asarray(scenario.task.readout.todense())
        if per_node == 1:
            node_kind[k, np.flatnonzero(np.abs(readout).sum(axis=0))] = "output"
        else:
            rows = network.compatibility.toarray()
            for line in readout:
                edge_kind[k, int(np.argmin(np.abs(rows - line).sum(axis=1)))] = "output"
        node_kind[k, np.unique(network.imposed // per_node)] = "input"
    variables = {
        "position": Quantity(("network", "node", "axis"), place, "place of a node", "1"),
        "end": Quantity(("network", "edge", "side"), ends, "node at the end of an edge, -1 for none", "1"),
        "coefficient_before": Quantity(("network", "edge"), before, "coefficient of an edge before training", "1"),
        "coefficient_after": Quantity(("network", "edge"), after, "coefficient after physical training", "1"),
        "node_kind": Quantity(("network", "node"), node_kind, "whether a node is input, output or inner", "1"),
        "edge_kind": Quantity(("network", "edge"), edge_kind, "whether an edge is output or inner", "1"),
    }
    return variables, {"axis": Quantity("axis", ["x", "y"], "direction", "1")}
