"""Forward-forward learning by both phases and by one random phase per update (Williams et al., ICML 2023).

Networks of two layers learn the bundled part of MNIST, one example at a time by Adam, at the paper's rate; and for
fewer phases at other rates and batch sizes, where random phases are fragile. If its files are given, they learn all of
MNIST too, 60,000 images, and are tested on its 10,000. With both phases an update takes two, so that in the same number
of phases random ones make twice as many updates. Besides errors: the share of units of each layer that are active on
some test image with some label, and the phase at which a layer was found dead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from analysis._forward_forward import Job, Run, run_all
from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Adam, Dataset, PhaseSchedule, isd, two_term
from thermo_cl.learning.data import mnist, mnist12k
from thermo_cl.sweep import Quantity, label, provenance

RATE = 0.01
PROBABILITIES = (0.3, 0.5, 0.7)
SETTINGS = ((0.001, 1), (0.01, 1), (0.03, 1), (0.1, 1), (0.3, 1), (0.01, 10))  # rates and batch sizes
POINTS = (0.0, 0.005, 0.015, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.65, 0.75, 0.85, 0.9, 0.95, 1.0)  # parts of a run
TRAIN = 10_000  # the rest is for testing


def compute(
    phases: int = 200_000,
    *,
    hidden: Sequence[int] = (500, 500),
    probabilities: Sequence[float] = PROBABILITIES,
    settings: Sequence[tuple[float, int]] = SETTINGS,
    setting_phases: int = 20_000,
    seeds: int = 3,
    test: int = 2000,
    full: Path | tuple[Dataset, Dataset] | None = None,
    full_phases: int = 400_000,
    full_probabilities: Sequence[float] = (0.5,),
    full_seeds: int = 1,
    folder: Path | None = None,
    workers: int = 2,
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
    full : Path or (train, test), optional
        Folder of the four files of MNIST (see ``thermo_cl.learning.data.mnist``), or other data, for runs on all of
        it; without it there are none.
    full_phases, full_probabilities, full_seeds
        Of those, as above.
    folder : Path, optional
        Keeps every finished run, so that an interrupted study goes on.
    workers : int
        Processes at a time; the numbers do not depend on it.
    rng : int
        Seed of all draws.

    Returns
    -------
    xarray.Dataset
        Dimensions ``rule``, ``seed``, ``phase``, ``layer``, ``setting``, and ``full_rule``, ``full_seed``,
        ``full_phase``. Takes about ten minutes on one core, and as long again with all of MNIST.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    DataError
        If the folder does not hold MNIST.
    """
    main, short, long = (
        _even(name, value)
        for name, value in (("phases", phases), ("setting_phases", setting_phases), ("full_phases", full_phases))
    )
    repeats, full_repeats = (
        check.integer_at_least(name, value, 1) for name, value in (("seeds", seeds), ("full_seeds", full_seeds))
    )
    rules, full_rules = _rules(probabilities), _rules(full_probabilities)
    cases = [(Adam(rate).rate, check.integer_at_least("batch", batch, 1)) for rate, batch in settings]
    if not cases:
        raise InvalidParameterError("settings", settings, "at least one pair of rate and batch size")
    check.integer_at_least("rng", rng, 0)
    streams = np.random.default_rng(rng).integers(0, 2**32, (max(repeats, full_repeats), 2)).tolist()
    train, rest = mnist12k().split(TRAIN)
    part = (train, rest.take(slice(check.integer_at_least("test", test, 1))))
    every = full if full is None or isinstance(full, tuple) else mnist(full)

    def job(
        kind: str, rule: tuple[str, PhaseSchedule], points: list[int], seed: int, case: tuple[float, int] = (RATE, 1),
        data: tuple[Dataset, Dataset] = part,
    ) -> Job:  # fmt: skip
        (word, schedule), (rate, batch) = rule, case
        name = f"{kind}-{word}-rate{rate:g}-batch{batch}-seed{seed}".replace(", b = ", "-").replace(" ", "-")
        sizes = (data[0].inputs.shape[1], *hidden)
        return Job(name, schedule, rate, batch, sizes, tuple(points), tuple(streams[seed]), *data)

    blocks = {
        "part": [[job("part", rule, _points(main), k) for k in range(repeats)] for rule in rules.items()],
        "setting": [[job("setting", rule, [0, short], 0, case) for case in cases] for rule in rules.items()],
    }
    if every is not None:
        points, numbers = _points(long), range(full_repeats)
        blocks["full"] = [[job("full", r, points, k, data=every) for k in numbers] for r in full_rules.items()]
    found = run_all(blocks, folder, workers=workers)
    variables = _curves(found["part"]) | _ends(found["setting"], cases)
    coordinates = _axes(rules, repeats, main) | {
        "layer": Quantity("layer", np.arange(1, len(hidden) + 1), "number of the layer", "1")
    }
    recorded: dict[str, object] = {
        "phases": main, "setting_phases": short, "hidden": list(hidden), "rate": RATE, "batch": 1,
        "train": TRAIN, "test": len(part[1]), "data": "mnist12k", "threshold": 2.0,
    }  # fmt: skip
    if every is not None:
        variables |= _curves(found["full"], "full_")
        coordinates |= _axes(full_rules, full_repeats, long, "full_")
        recorded["full"] = {"phases": long, "train": len(every[0]), "test": len(every[1]), "data": every[0].name}
    return label(
        variables,
        coordinates,
        provenance("forward-forward learning on MNIST, after Williams et al. 2023", recorded, seed=rng),
    )


def _curves(runs: list[list[Run]], prefix: str = "") -> dict[str, Quantity]:
    """Variables of runs by rule and seed."""
    by, among = (f"{prefix}rule", f"{prefix}seed"), ", all of MNIST" if prefix else ""
    return {
        f"{prefix}error": Quantity(
            (*by, f"{prefix}phase"), [[r.errors for r in row] for row in runs],
            f"share of the test images misclassified{among}", "1",
        ),
        f"{prefix}active_units": Quantity(
            (*by, f"{prefix}phase", "layer"), [[r.active for r in row] for row in runs],
            f"share of units active on some test image with some label{among}", "1",
        ),
        f"{prefix}dead_phase": Quantity(
            (*by, "layer"), [[r.dead for r in row] for row in runs],
            f"phase at which a layer was found dead{among}", "1",
        ),
    }  # fmt: skip


def _ends(runs: list[list[Run]], cases: list[tuple[float, int]]) -> dict[str, Quantity]:
    """Variables of shorter runs by rule and setting."""
    return {
        "setting_error": Quantity(
            ("rule", "setting"), [[r.errors[-1] for r in row] for row in runs],
            "share of the test images misclassified after a shorter run", "1",
        ),
        "setting_active_units": Quantity(
            ("rule", "setting", "layer"), [[r.active[-1] for r in row] for row in runs],
            "share of units active after a shorter run", "1",
        ),
        "setting_dead_phase": Quantity(
            ("rule", "setting", "layer"), [[r.dead for r in row] for row in runs],
            "phase at which a layer was found dead, shorter run", "1",
        ),
        "rate": Quantity("setting", [rate for rate, _ in cases], "rate of Adam", "1"),
        "batch": Quantity("setting", [batch for _, batch in cases], "examples of a phase", "1"),
    }  # fmt: skip


def _axes(rules: Mapping[str, PhaseSchedule], seeds: int, phases: int, prefix: str = "") -> dict[str, Quantity]:
    among = ", all of MNIST" if prefix else ""
    return {
        f"{prefix}rule": Quantity(f"{prefix}rule", list(rules), f"phases of an update{among}", "1"),
        f"{prefix}seed": Quantity(f"{prefix}seed", np.arange(seeds), f"number of the run{among}", "1"),
        f"{prefix}phase": Quantity(f"{prefix}phase", np.array(_points(phases)), f"phases done{among}", "1"),
    }


def _rules(probabilities: Sequence[float]) -> dict[str, PhaseSchedule]:
    return {"both phases": two_term(1)} | {f"random, b = {b:g}": isd(b, 1) for b in probabilities}


def _points(count: int) -> list[int]:
    """Phases at which a run is measured, all even."""
    return sorted({2 * round(part * count / 2) for part in POINTS})


def _even(name: str, value: int) -> int:
    count = check.integer_at_least(name, value, 200)
    if count % 2:
        raise InvalidParameterError(name, value, "even: an update from both phases takes two")
    return count
