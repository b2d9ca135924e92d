"""Energy networks as models with phases: equilibrium propagation by any schedule."""

from __future__ import annotations

from dataclasses import dataclass, replace

from thermo_cl import _validate as check
from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.energy import EnergyNetwork, Parameters, relax
from thermo_cl.learning.phases.interface import Phase, State
from thermo_cl.learning.rules.phases import energy_gradient

__all__ = ["EnergyPhases"]


@dataclass(frozen=True, eq=False)
class EnergyPhases:
    r"""Relaxation of an energy network, nudged by :math:`\beta` in the positive phase and free in the negative one.

    The inputs are held in both. A step is one step of ``relax``; the statistic is
    :math:`g = (1/\beta)\, \partial E/\partial\theta`, batch mean, so that :math:`g_+ - g_-` between states at rest is
    the estimate of equilibrium propagation (Scellier and Bengio, Front. Comput. Neurosci. 11, 24 (2017), Eq. 10),
    which learning descends. Nothing is drawn: a phase forgets what the state was before if it is long enough to reach
    rest, and the example has one stable state. :math:`g_\pm` are larger than their difference by some
    :math:`1/\beta`, so that a random phase needs low rates and a ``RunningMean``.

    Parameters
    ----------
    network : EnergyNetwork
    nudge : float
        :math:`\beta` > 0.
    step_size : float
        Of the relaxation, > 0.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above, or labels are not those of an output neuron.
    """

    network: EnergyNetwork
    nudge: float = 0.5
    step_size: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.network, EnergyNetwork):
            raise InvalidParameterError("network", type(self.network).__name__, "an EnergyNetwork")
        check.freeze(
            self,
            nudge=check.positive_number("nudge", self.nudge),
            step_size=check.positive_number("step_size", self.step_size),
        )

    @property
    def parameters(self) -> Parameters:
        """The network's."""
        return self.network.parameters

    def with_parameters(self, parameters: Parameters) -> EnergyPhases:
        """The same with other arrays, see ``EnergyNetwork.with_parameters``."""
        return replace(self, network=self.network.with_parameters(parameters))

    def check_data(self, data: Dataset) -> None:
        """Refuse data of other features or classes than the network has inputs and outputs."""
        sizes, given = (self.network.sizes[0], self.network.sizes[-1]), (data.inputs.shape[1], data.classes)
        if given != sizes:
            raise InvalidParameterError(
                "data", f"{given[0]} features, {given[1]} classes", f"of {sizes[0]}, {sizes[1]}"
            )

    def start(self, batch: int, *, seed: int = 0) -> State:
        """All neurons at zero."""
        del seed
        return self.network.initial_states(batch)

    def run(self, phase: Phase, state: State, inputs: Array, labels: IntArray, *, steps: int, seed: int = 0) -> State:
        """See ``PhaseModel``; the output is nudged towards the one-hot label in the positive phase."""
        del seed
        net, x, count = self.network, inputs.astype(self.network.dtype, copy=False), self.network.sizes[-1]
        if phase is not Phase.POSITIVE:
            return relax(net, x, state, steps=steps, step_size=self.step_size)
        if labels.min() < 0 or labels.max() >= count:
            raise InvalidParameterError("labels", f"from {labels.min()} to {labels.max()}", f"in 0 ... {count - 1}")
        targets = (labels[:, None] == range(count)).astype(net.dtype)
        return relax(net, x, state, steps=steps, step_size=self.step_size, targets=targets, nudge=self.nudge)

    def statistic(self, phase: Phase, state: State, inputs: Array, labels: IntArray) -> Parameters:
        """See ``PhaseModel``; the same function of the state in both phases."""
        del phase, labels
        slopes = energy_gradient(self.network, inputs.astype(self.network.dtype, copy=False), state)
        return {name: slope / slope.dtype.type(self.nudge) for name, slope in slopes.items()}
