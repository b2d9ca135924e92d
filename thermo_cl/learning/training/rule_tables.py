"""Learning rules and kernels from the tables of a run configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from thermo_cl.kernels import Kernel, chemotaxis_kernel, integral_feedback_kernel, sine_kernel
from thermo_cl.learning.dyadic import ORDERS, DualPropagation
from thermo_cl.learning.dyadic.damping import DAMPINGS
from thermo_cl.learning.dyadic.output import FORMS, OUTPUTS, checked_betas
from thermo_cl.learning.energy import Relaxation
from thermo_cl.learning.feedforward import ForwardBackpropagation
from thermo_cl.learning.phases import FixedLength, GeometricLength, PhaseSchedule, RandomPhase, RandomPhases
from thermo_cl.learning.robustness import FGSM, PGD, AdversarialTraining, Attack
from thermo_cl.learning.rules import Backpropagation, ContrastiveHebbian, EquilibriumPropagation, Rule, TemporalContrast
from thermo_cl.learning.synapses import OutputNoise
from thermo_cl.learning.training.table import Table
from thermo_cl.markov import Ladder, stationary_noise
from thermo_cl.synapse import Sawtooth

__all__ = ["KERNELS", "RULES", "rule_from"]


def rule_from(table: Table, relaxation: Relaxation, parameters: Sequence[str], *, kind: str = "energy") -> Rule:
    """Rule of a table whose ``name`` says which, for networks of one kind with parameters W1, b1, ...

    Those of feed-forward networks take a table ``adversarial``, for training at inputs that an attack has changed.

    Raises
    ------
    InvalidParameterError
        If an entry is missing, unknown, of the wrong type or out of its domain, by its dotted name.
    """
    rules = RULES[kind]
    make = rules[table.text("name", among=rules)]
    rule = make(table, relaxation, parameters)
    attack = _attack(table) if kind == "feed-forward" else None
    table.close()
    return rule if attack is None else AdversarialTraining(rule, attack)


def _temporal_contrast(table: Table, relaxation: Relaxation, parameters: Sequence[str]) -> TemporalContrast:
    kernel, noise = _memory(table.table("kernel"))
    ramps = table.table("protocol")
    with ramps.domain():
        protocol = Sawtooth(ramps.number("fast"), ramps.number("slow"))
    ramps.close()
    thresholds = table.numbers_by_name("thresholds", parameters)
    samples = table.integer("samples", 100, words=("exact", "gauss"))
    with table.domain(times="protocol", window="kernel"):
        return TemporalContrast(
            kernel,
            protocol,
            thresholds,
            nudge=table.number("nudge", 0.5),
            sides=table.text("sides", "random", among=("random", "one")),
            stages=table.integer("stages", 8),
            samples=None if samples == "exact" else samples,
            gain=table.number("gain", None),
            convolution=table.text("convolution", "exact", among=("exact", "sampled")),
            relaxation=relaxation,
            noise=noise,
        )


def _equilibrium_propagation(table: Table, relaxation: Relaxation, _: Sequence[str]) -> Rule:
    with table.domain():
        return EquilibriumPropagation(
            table.number("nudge", 0.5),
            table.text("sides", "random", among=("one", "random", "centred")),
            relaxation,
        )


def _contrastive_hebbian(table: Table, relaxation: Relaxation, _: Sequence[str]) -> Rule:
    with table.domain():
        return ContrastiveHebbian(relaxation, table.number("gain", 2.0))


def _random_phases(table: Table, relaxation: Relaxation, _: Sequence[str]) -> Rule:
    steps = table.number("steps", float(relaxation.clamped_steps))
    geometric = table.text("length", "fixed", among=("fixed", "geometric")) == "geometric"
    with table.domain(mean="steps"):
        return RandomPhases(
            PhaseSchedule(
                RandomPhase(table.number("probability", 0.5)),
                GeometricLength(steps) if geometric else FixedLength(steps),
                table.text("updates", "end", among=("end", "always")),
            ),
            table.number("nudge", 0.5),
            table.text("sides", "random", among=("one", "random")),
            table.text("draws", "minibatch", among=("minibatch", "example")),
            relaxation,
        )


def _backpropagation(table: Table, relaxation: Relaxation, _: Sequence[str]) -> Rule:
    with table.domain():
        return Backpropagation(relaxation)


def _dual_propagation(table: Table, _: Relaxation, parameters: Sequence[str]) -> Rule:
    with table.domain():
        beta = table.number_or_list("beta", 0.5)
        checked_betas(beta, len(parameters) // 2)
        return DualPropagation(
            table.number("alpha", 0.5),
            beta,
            table.text("form", "adjoint", among=FORMS),
            table.text("output", "linearised", among=OUTPUTS),
            table.text("order", "up-down", among=ORDERS),
            table.integer("sweeps", 20),
            table.number("tolerance", None),
            table.flag("carry", False),
            table.text("damping", "layers", among=DAMPINGS),
        )


def _attack(table: Table) -> Attack | None:
    """Attack of a table ``adversarial``, or None without one."""
    if "adversarial" not in table.values:
        return None
    inner = table.table("adversarial")
    fast = inner.text("attack", among=("fgsm", "pgd")) == "fgsm"
    with inner.domain():
        size, bounds = inner.number("size"), inner.number_or_list("bounds", [0.0, 1.0])
        attack: Attack = FGSM(size, bounds) if fast else PGD(
            size,
            inner.integer("steps", 20),
            inner.number("step_size", None),
            inner.flag("random_start", True),
            inner.text("norm", "inf", among=("inf", "2")),
            bounds,
        )  # fmt: skip
    inner.close()
    return attack


_Make = Callable[[Table, Relaxation, Sequence[str]], Rule]
RULES: dict[str, dict[str, _Make]] = {
    "energy": {
        "temporal-contrast": _temporal_contrast,
        "equilibrium-propagation": _equilibrium_propagation,
        "random-phases": _random_phases,
        "contrastive-hebbian": _contrastive_hebbian,
        "backpropagation": _backpropagation,
    },
    "feed-forward": {
        "dual-propagation": _dual_propagation,
        "backpropagation": lambda *_: ForwardBackpropagation(),
    },
}


def _memory(table: Table) -> tuple[Kernel, OutputNoise | None]:
    """Kernel of a table whose ``family`` says which, and the noise that it has if it is a ladder of so many copies."""
    make = KERNELS[table.text("family", among=KERNELS)]
    with table.domain(n_levels="levels", length="window", units="ladder_units"):
        made = make(table)
    table.close()
    return made


def _ladder(table: Table) -> tuple[Kernel, OutputNoise | None]:
    """Step kernel of a ladder, its time relabelled and its first moment scaled to -1, as the paper does.

    With copies, also the noise of the mean occupancy of so many whole ladders, in units of the output; a window cuts
    the kernel only.
    """
    ladder = Ladder(
        gamma=table.number("gamma"),
        rate_factor=table.number("rate_factor", 25.0),
        n_levels=table.integer("levels", 5),
        reference_level=table.number("reference_level", 1.0),
        energy_step=table.number("energy_step", 2.0),
    )
    baseline = table.number("baseline", 0.0)
    kernel = ladder.step_kernel(table.number("signal", 200.0), baseline)
    window, units = table.number("window", None), table.number("ladder_units", 5.0)
    copies = table.number("copies", None)
    read = kernel if window is None else kernel.windowed(window)
    noise = None
    if copies is not None:
        steady = stationary_noise(ladder.network(np.asarray(baseline)), ladder.top_rail, copies)
        noise = OutputNoise.of(steady, scale=abs(float(read.first_moment))).rescaled(units)
    return read.rescaled(units).normalized(), noise


KERNELS: dict[str, Callable[[Table], tuple[Kernel, OutputNoise | None]]] = {
    "sine": lambda t: (sine_kernel(t.number("duration", 0.1), t.number("amplitude", 1.0 / 3.0)), None),
    "chemotaxis": lambda t: (chemotaxis_kernel(t.number("area", 0.0), t.number("decay_rate", 20.0)), None),
    "integral-feedback": lambda t: (integral_feedback_kernel(t.number("damping"), t.number("gain")), None),
    "ladder": _ladder,
}
