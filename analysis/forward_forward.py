"""Forward-forward learning by both phases and by one random phase per update (Williams et al., ICML 2023).

Networks of two layers learn the bundled part of MNIST, one example at a time by Adam, at the paper's rate; and for
fewer phases at other rates and batch sizes, where random phases are fragile. With both phases an update takes two, so
that in the same number of phases random ones make twice as many updates. Besides errors: the share of units of each
layer that are active on some test image with some label, and the phase at which a layer was found dead.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import DeadLayerWarning, InvalidParameterError
from thermo_cl.learning import Adam, Dataset, ForwardForwardNetwork, PhaseSchedule, isd, learn, two_term
from thermo_cl.learning.data import mnist12k
from thermo_cl.learning.forward_forward import active_units, error_rate
from thermo_cl.sweep import Quantity, label, provenance

RATE = 0.01
PROBABILITIES = (0.3, 0.5, 0.7)
SETTINGS = ((0.001, 1), (0.01, 1), (0.03, 1), (0.1, 1), (0.3, 1), (0.01, 10))  # rates and batch sizes
POINTS = (0.0, 0.005, 0.015, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.9, 0.95, 1.0)  # parts of a run
TRAIN = 10_000  # the rest is for testing
SEEN = 500  # test images on which units are looked for


class Run(NamedTuple):
    """What is kept of a run; a layer that never died has NaN."""

    errors: FloatArray  # (points,)
    active: FloatArray  # (points, layer)
    dead: FloatArray  # (layer,)


def compute(
    phases: int = 200_000,
    *,
    hidden: Sequence[int] = (500, 500),
    probabilities: Sequence[float] = PROBABILITIES,
    settings: Sequence[tuple[float, int]] = SETTINGS,
    setting_phases: int = 20_000,
    seeds: int = 3,
    test: int = 2000,
    rng: int = 0,
) -> xr.Dataset:
    """Errors, active units and dead layers over phases, for both phases and for random ones of several b.

    Parameters
    ----------
    phases : int
        Of the main runs, even, at least 200.
    hidden : sequence of int
        Units of each layer.
    probabilities : sequence of float
        b of the random phases, in (0, 1).
    settings : sequence of (rate, batch)
        Of the shorter runs, one for each rule.
    setting_phases : int
        Of the shorter runs, even, at least 200.
    seeds : int
        Main runs of each rule, >= 1; the initial network and the order of examples differ, and are the same for all
        rules.
    test : int
        How many of the last 2,000 bundled images errors are taken from, >= 1.
    rng : int
        Seed of all draws.

    Returns
    -------
    xarray.Dataset
        Dimensions ``rule``, ``seed``, ``phase``, ``layer``, ``setting``. Takes about ten minutes on one core.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    counts = [
        _even(name, value) for name, value in (("phases", phases), ("setting_phases", setting_phases))
    ]  # fmt: skip
    repeats = check.integer_at_least("seeds", seeds, 1)
    schedules = {"both phases": two_term(1)} | {f"random, b = {b:g}": isd(b, 1) for b in probabilities}
    cases = [(Adam(rate), check.integer_at_least("batch", batch, 1)) for rate, batch in settings]
    if not cases:
        raise InvalidParameterError("settings", settings, "at least one pair of rate and batch size")
    check.integer_at_least("rng", rng, 0)
    train, rest = mnist12k().split(TRAIN)
    rest = rest.take(slice(check.integer_at_least("test", test, 1)))
    streams = np.random.default_rng(rng).integers(0, 2**32, (repeats, 2)).tolist()
    sizes = (train.inputs.shape[1], *hidden)

    def trained(schedule: PhaseSchedule, optimizer: Adam, batch: int, count: int, seed: int, *, ends: bool) -> Run:
        first, order = streams[seed]
        network = ForwardForwardNetwork.random(sizes, rng=first)
        points = [0, count] if ends else _points(count)
        return _followed(network, schedule, optimizer, batch, train, rest, points, order)

    main = [[trained(s, Adam(RATE), 1, counts[0], k, ends=False) for k in range(repeats)] for s in schedules.values()]
    short = [[trained(s, o, batch, counts[1], 0, ends=True) for o, batch in cases] for s in schedules.values()]
    return label(
        {
            "error": Quantity(
                ("rule", "seed", "phase"), [[r.errors for r in row] for row in main],
                "share of the test images misclassified", "1",
            ),
            "active_units": Quantity(
                ("rule", "seed", "phase", "layer"), [[r.active for r in row] for row in main],
                "share of units active on some test image with some label", "1",
            ),
            "dead_phase": Quantity(
                ("rule", "seed", "layer"), [[r.dead for r in row] for row in main],
                "phase at which a layer was found dead", "1",
            ),
            "setting_error": Quantity(
                ("rule", "setting"), [[r.errors[-1] for r in row] for row in short],
                "share of the test images misclassified after a shorter run", "1",
            ),
            "setting_active_units": Quantity(
                ("rule", "setting", "layer"), [[r.active[-1] for r in row] for row in short],
                "share of units active after a shorter run", "1",
            ),
            "setting_dead_phase": Quantity(
                ("rule", "setting", "layer"), [[r.dead for r in row] for row in short],
                "phase at which a layer was found dead, shorter run", "1",
            ),
            "rate": Quantity("setting", [o.rate for o, _ in cases], "rate of Adam", "1"),
            "batch": Quantity("setting", [batch for _, batch in cases], "examples of a phase", "1"),
        },
        {
            "rule": Quantity("rule", list(schedules), "phases of an update", "1"),
            "seed": Quantity("seed", np.arange(repeats), "number of the run", "1"),
            "phase": Quantity("phase", np.array(_points(counts[0])), "phases done", "1"),
            "layer": Quantity("layer", np.arange(1, len(sizes)), "number of the layer", "1"),
        },
        provenance(
            "forward-forward learning on MNIST, after Williams et al. 2023",
            {
                "phases": counts[0], "setting_phases": counts[1], "hidden": list(hidden), "rate": RATE, "batch": 1,
                "train": TRAIN, "test": len(rest), "data": "mnist12k", "threshold": 2.0,
            },
            seed=rng,
        ),
    )  # fmt: skip


def _followed(
    network: ForwardForwardNetwork, schedule: PhaseSchedule, optimizer: Adam, batch: int, train: Dataset,
    rest: Dataset, points: list[int], order: int,
) -> Run:  # fmt: skip
    layers, seen = len(network.weights), rest.take(slice(min(SEEN, len(rest))))

    def probe(now: ForwardForwardNetwork) -> dict[str, float]:
        shares = {f"active{n}": float(units.mean()) for n, units in enumerate(active_units(now, seen))}
        return {"error": error_rate(now, rest), **shares}

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DeadLayerWarning)  # in a study death is a result
        metrics = learn(
            network, schedule, train, phases=points[-1], optimizer=optimizer, batch=batch, rng=order, probe=probe,
            probe_at=points,
        ).metrics  # fmt: skip
    dead = np.full(layers, np.nan)
    for told in (w.message for w in caught if isinstance(w.message, DeadLayerWarning)):
        if np.isnan(dead[told.layer - 1]):
            dead[told.layer - 1] = told.step
    active = np.stack([metrics[f"active{n}"].values for n in range(layers)], axis=1)
    return Run(metrics["error"].values, active, dead)


def _points(count: int) -> list[int]:
    """Phases at which the main runs are measured, all even."""
    return sorted({2 * round(part * count / 2) for part in POINTS})


def _even(name: str, value: int) -> int:
    count = check.integer_at_least(name, value, 200)
    if count % 2:
        raise InvalidParameterError(name, value, "even: an update from both phases takes two")
    return count
