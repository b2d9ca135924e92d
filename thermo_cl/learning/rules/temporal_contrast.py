"""Temporal contrast: synapses that compare free and clamped states by their own memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import Kernel
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, States, check_batch, check_relaxation, relax
from thermo_cl.learning.rules.block import Block, exact_integral, sampled_integral
from thermo_cl.learning.rules.current_map import CurrentMap
from thermo_cl.learning.rules.cycle import ClampingCycle
from thermo_cl.learning.rules.interface import Estimate
from thermo_cl.learning.rules.noisy import noisy_integral
from thermo_cl.learning.rules.phases import free_phase
from thermo_cl.learning.synapses import OutputNoise, ThresholdNoise
from thermo_cl.synapse import Sawtooth

__all__ = ["TemporalContrast"]

_SIDES = ("one", "random")
_CONVOLUTIONS = ("exact", "sampled")


@dataclass(frozen=True, eq=False)
class TemporalContrast:
    r"""Gradient estimate by thresholded memory of the currents over one clamping cycle (Falk et al. 2025, App. B).

    The current of a synapse, the batch mean s = dE/dW, follows the nudge along a periodic path. A kernel of area I
    and first moment :math:`\mu_1` makes it :math:`u = I s - \mu_1 \dot s` on ramps, and the estimate is
    :math:`-\mathrm{sign}(\mu_1)\, (\mathrm{gain}/\beta) \int_0^P g(u)\, dt` with g(u) = u where \|u\| >= threshold and
    0 elsewhere. With a fast kernel of area 0, thresholds that silence the slow ramp only, and the gain
    :math:`1/|\mu_1|` it is the estimate of equilibrium propagation. Outputs are those of the periodic
    state, as if the minibatch were shown over and over: a kernel that outlasts the period remembers equal cycles.

    Parameters
    ----------
    kernel : Kernel
        A single one, of either sign.
    protocol : Sawtooth or ClampingCycle
        A sawtooth stands for ``ClampingCycle.sawtooth(protocol, stages)``. Nudges are fractions of ``nudge``; fraction
        0 is the free state, every other one relaxes for ``relaxation.clamped_steps`` from there.
    thresholds : float or mapping of str to float
        Hard thresholds >= 0 in units of the kernel's output, one for all or one for each of ``W1, b1, W2, ...``.
    nudge : float
        Clamping strength :math:`\beta` > 0.
    sides : {"random", "one"}
        Sign of the nudge drawn anew for each minibatch, or always positive.
    stages : int
        Clamped states on each ramp of a sawtooth.
    samples : int, "gauss" or None
        Times per period at which outputs are compared with the threshold, equally spaced; "gauss" puts Gauss points
        between the breakpoints of the response, for kernels shorter than that spacing; None finds the crossings
        exactly, which takes some 10 us a synapse, float64. The last two need ``convolution="exact"``.
    gain : float, optional
        Factor on the integral; :math:`1/|\mu_1|` by default. The paper's run has 5000.
    convolution : {"exact", "sampled"}
        ``CurrentMap.exact``, or ``CurrentMap.sampled`` as the paper's program did it.
    relaxation : Relaxation
    noise : OutputNoise, optional
        Of every synapse's output, in the kernel's units (``LadderSynapse.noise`` for its ``kernel``); needs samples.
        The integral of each synapse is then drawn, for each minibatch anew, from the Gaussian whose mean and variance
        ``ThresholdNoise`` gives, also where no current flows.

    Attributes
    ----------
    cycle : ClampingCycle
    current_map : CurrentMap or None
        None without samples.
    factor : float
        Signed gain that multiplies integral / nudge.
    smeared : mapping of float to ThresholdNoise
        What the noise makes of each threshold; empty without noise.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain, a batch of kernels or protocols is given, or a kernel to be sampled is longer
        than the period.
    NormalizationError
        If no gain is given and the first moment vanishes.
    """

    kernel: Kernel
    protocol: Sawtooth | ClampingCycle
    thresholds: Mapping[str, float] | float
    nudge: float = field(default=0.5, kw_only=True)
    sides: Literal["random", "one"] = field(default="random", kw_only=True)
    stages: int = field(default=8, kw_only=True)
    samples: int | Literal["gauss"] | None = field(default=100, kw_only=True)
    gain: float | None = field(default=None, kw_only=True)
    convolution: Literal["exact", "sampled"] = field(default="exact", kw_only=True)
    relaxation: Relaxation = field(default_factory=Relaxation, kw_only=True)
    noise: OutputNoise | None = field(default=None, kw_only=True)
    cycle: ClampingCycle = field(init=False, repr=False)
    current_map: CurrentMap | None = field(init=False, repr=False)
    factor: float = field(init=False, repr=False)
    smeared: Mapping[float, ThresholdNoise] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)
        check.positive_number("nudge", self.nudge)
        for name, value, accepted in (
            ("sides", self.sides, _SIDES), ("convolution", self.convolution, _CONVOLUTIONS),
        ):  # fmt: skip
            if value not in accepted:
                raise InvalidParameterError(name, value, f"one of {', '.join(accepted)}")
        if self.kernel.batch_shape:
            raise InvalidParameterError("kernel", f"a batch of shape {self.kernel.batch_shape}", "a single kernel")
        path, thresholds = self.protocol, self.thresholds
        cycle = path if isinstance(path, ClampingCycle) else ClampingCycle.sawtooth(path, self.stages)
        current_map = _current_map(self.kernel, cycle, self.samples, self.convolution)
        moment = float(self.kernel.first_moment)
        if self.gain is None:
            self.kernel.normalized()  # refuses a vanishing moment
            gain = 1.0 / abs(moment)
        else:
            gain = check.positive_number("gain", self.gain)
        if isinstance(thresholds, Mapping):
            thresholds = {name: _threshold(f"thresholds[{name!r}]", value) for name, value in thresholds.items()}
        else:
            thresholds = _threshold("thresholds", thresholds)
        values = thresholds.values() if isinstance(thresholds, Mapping) else [thresholds]
        check.freeze(
            self,
            thresholds=thresholds,
            cycle=cycle,
            current_map=current_map,
            factor=-gain if moment > 0 else gain,
            smeared=_smeared(self.noise, values, self.samples),
        )

    def estimate(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``.

        Raises
        ------
        InvalidParameterError
            If the minibatch does not fit the network, or thresholds are given by name and the names are not those of
            its parameters.
        """
        thresholds = self._thresholds_of(network)
        check_batch(network, inputs, states, targets)
        beta = self.nudge * (float(rng.choice([-1.0, 1.0])) if self.sides == "random" else 1.0)
        free, levels = self.visited_states(network, inputs, targets, states, beta)
        outputs = [network.activation.value(x) for x in levels]
        gradient: dict[str, Array] = {}
        for n, here in enumerate(outputs, start=1):
            size = here.shape[2]
            if n == 1:
                weights = self._integral(Block(inputs.T[:, None, :], here), thresholds["W1"], rng)
            elif outputs[n - 2].shape[2] > size:  # the longer axis makes the inner loops
                weights = self._integral(Block(here.transpose(2, 1, 0), outputs[n - 2]), thresholds[f"W{n}"], rng).T
            else:
                weights = self._integral(Block(outputs[n - 2].transpose(2, 1, 0), here), thresholds[f"W{n}"], rng)
            ones = np.ones((1, 1, here.shape[0]), network.dtype)
            biases = self._integral(Block(ones, here), thresholds[f"b{n}"], rng)[0]
            for name, integral in ((f"W{n}", weights), (f"b{n}", biases)):
                gradient[name] = np.multiply(integral, self.factor / beta, dtype=network.dtype, order="C")
        return Estimate(gradient, free, free[-1])

    def _integral(self, block: Block, threshold: float, rng: np.random.Generator) -> Array:
        """What the memories of a block of synapses make of its currents over one cycle, shape (outer, inner)."""
        if self.current_map is None:
            return exact_integral(block, self.kernel, self.cycle, threshold)
        if self.smeared:
            return noisy_integral(block, self.current_map, self.smeared[threshold], rng)
        return sampled_integral(block, self.current_map, threshold)

    def visited_states(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, beta: float
    ) -> tuple[States, list[Array]]:
        """Free states, and the states of every layer at all levels of the cycle, shapes (batch, levels, n_l).

        Arguments as for ``estimate``, with a nudge ``beta`` of either sign.
        """
        drive, free = free_phase(network, inputs, states, self.relaxation)
        fractions = self.cycle.levels
        nudged = fractions[fractions > 0]
        batch, count = len(inputs), nudged.size
        clamped = relax(
            network, inputs, tuple(np.repeat(x, count, axis=0) for x in free),  # the drive stands for the inputs
            steps=self.relaxation.clamped_steps, step_size=self.relaxation.step_size,
            targets=np.repeat(targets, count, axis=0), nudge=np.tile(beta * nudged, batch)[:, None],
            drive=np.repeat(drive, count, axis=0),
        )  # fmt: skip
        levels = [x.reshape(batch, count, -1) for x in clamped]
        if fractions[0] == 0:
            levels = [np.concatenate([x[:, None], y], axis=1) for x, y in zip(free, levels, strict=True)]
        return free, levels

    def _thresholds_of(self, network: EnergyNetwork) -> dict[str, float]:
        names = list(itertools.chain.from_iterable((f"W{n}", f"b{n}") for n in range(1, len(network.weights) + 1)))
        if not isinstance(self.thresholds, Mapping):
            return dict.fromkeys(names, self.thresholds)
        if set(self.thresholds) != set(names):
            raise InvalidParameterError("thresholds", sorted(self.thresholds), f"for the names {', '.join(names)}")
        return dict(self.thresholds)


def _current_map(
    kernel: Kernel, cycle: ClampingCycle, samples: int | str | None, convolution: str
) -> CurrentMap | None:
    """The map at the times asked for, or None for exact crossings."""
    if isinstance(samples, str) and samples != "gauss":
        raise InvalidParameterError("samples", samples, "a whole number of at least 2, 'gauss' or None")
    if convolution == "sampled":
        if not isinstance(samples, int):
            raise InvalidParameterError("samples", samples, "a whole number of at least 2 for the sampled convolution")
        return CurrentMap.sampled(kernel, cycle, samples)
    if samples is None:
        return None
    return CurrentMap.gauss(kernel, cycle) if isinstance(samples, str) else CurrentMap.exact(kernel, cycle, samples)


def _threshold(name: str, value: float) -> float:
    return check.single(name, check.non_negative(name, value))


def _smeared(
    noise: OutputNoise | None, thresholds: Iterable[float], samples: int | str | None
) -> dict[float, ThresholdNoise]:
    """Tables of each threshold's noise."""
    if noise is None:
        return {}
    if not isinstance(noise, OutputNoise):
        raise InvalidParameterError("noise", noise, "an OutputNoise, as LadderSynapse.noise(copies) gives")
    if samples is None:
        raise InvalidParameterError("samples", samples, "a whole number of at least 2, or 'gauss', with noise")
    return {level: ThresholdNoise(noise, level) for level in set(thresholds)}
