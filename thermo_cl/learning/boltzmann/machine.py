"""Restricted and semi-restricted Boltzmann machines."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.arrays import Parameters, check_float_type, common_type, finite_array, read_only
from thermo_cl.learning.boltzmann.binary import bits
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.optimizers import Optimizer
from thermo_cl.learning.phases import Carried, Phase, PhaseSchedule, Plan, State

__all__ = ["BoltzmannMachine", "check_machine"]


@dataclass(frozen=True, eq=False, init=False)
class BoltzmannMachine:
    r"""Binary visible units v joined to binary hidden units h, which are not joined to each other.

    .. math:: -E = h^T W v + b_h \cdot h + b_v \cdot v + \tfrac12 v^T L v

    with P(v, h) proportional to exp(-E), so that the cost of learning is the mean of -log P(v) over the data. Without
    couplings L the machine is restricted (Smolensky 1986; Hinton, Neural Comput. 14, 1771 (2002)), with them
    semi-restricted (Osindero and Hinton, NIPS 2007). Williams et al. (ICML 2023) have neither b_v nor L.

    Parameters
    ----------
    weights : array_like, shape (hidden, visible)
        W. The machine is of float32 if all arrays are, else of float64.
    hidden_biases : array_like, shape (hidden,), optional
        Zero by default.
    visible_biases : array_like, shape (visible,), optional
        Without them there are none, and none are learnt.
    couplings : array_like, shape (visible, visible), optional
        L, symmetric with zero diagonal; likewise. A coupling is one parameter which L holds twice.
    averaged : bool
        Statistics for learning with the hidden units' conditional means given v in place of their states: the same
        mean, less variance.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit each other, a number is not real and finite, or the couplings are not as above.
    """

    weights: Array
    hidden_biases: Array
    visible_biases: Array | None
    couplings: Array | None
    averaged: bool

    def __init__(
        self,
        weights: ArrayLike,
        hidden_biases: ArrayLike | None = None,
        visible_biases: ArrayLike | None = None,
        couplings: ArrayLike | None = None,
        *,
        averaged: bool = False,
    ) -> None:
        if not isinstance(averaged, bool | np.bool_):
            raise InvalidParameterError("averaged", averaged, "True or False")
        w = finite_array("weights", weights)
        if w.ndim != 2 or 0 in w.shape:
            raise InvalidParameterError("weights.shape", w.shape, "(hidden, visible), neither of them 0")
        hidden, visible = w.shape
        given = np.zeros(hidden, w.dtype) if hidden_biases is None else hidden_biases
        b_h = finite_array("hidden_biases", given, (hidden,))
        b_v = None if visible_biases is None else finite_array("visible_biases", visible_biases, (visible,))
        between = None if couplings is None else finite_array("couplings", couplings, (visible, visible))
        if between is not None and (np.any(between != between.T) or np.any(np.diag(between) != 0)):
            raise InvalidParameterError("couplings", "a matrix", "symmetric with a zero diagonal")
        arrays = {"weights": w, "hidden_biases": b_h, "visible_biases": b_v, "couplings": between}
        dtype = common_type(a for a in arrays.values() if a is not None)
        kept = {name: None if a is None else read_only(a, dtype) for name, a in arrays.items()}
        check.freeze(self, **kept, averaged=bool(averaged))

    @classmethod
    def random(
        cls,
        visible: int,
        hidden: int,
        *,
        scale: float = 0.01,
        visible_biases: bool = False,
        couplings: bool = False,
        averaged: bool = False,
        dtype: Any = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> BoltzmannMachine:
        """Weights drawn from a normal distribution of standard deviation ``scale``, all else zero.

        Parameters
        ----------
        visible, hidden : int
            Units, at least 1 each.
        scale : float
            >= 0; Williams et al. have 0.01.
        visible_biases, couplings, averaged : bool
            What the machine has besides; see the class.
        dtype : float32 or float64
        rng : Generator or seed

        Raises
        ------
        InvalidParameterError
            If an argument is not as above.
        """
        m, n = check.integer_at_least("visible", visible, 1), check.integer_at_least("hidden", hidden, 1)
        width = check.single("scale", check.non_negative("scale", scale))
        check_float_type(dtype)
        with np.errstate(over="ignore"):  # told as weights that are not finite
            weights = check.generator(rng).normal(0.0, width, (n, m)).astype(dtype)
        return cls(
            weights,
            np.zeros(n, dtype),
            np.zeros(m, dtype) if visible_biases else None,
            np.zeros((m, m), dtype) if couplings else None,
            averaged=averaged,
        )

    def __repr__(self) -> str:
        besides = [name for name in ("visible_biases", "couplings") if getattr(self, name) is not None]
        return f"BoltzmannMachine({', '.join([f'{self.visible} visible, {self.hidden} hidden', *besides])})"

    @property
    def hidden(self) -> int:
        """Number of hidden units."""
        return int(self.weights.shape[0])

    @property
    def visible(self) -> int:
        """Number of visible units."""
        return int(self.weights.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Floating type of all arrays."""
        return self.weights.dtype

    @property
    def parameters(self) -> Parameters:
        """All arrays by name, read-only: ``W``, ``b_h``, and ``b_v`` and ``L`` if there are any."""
        named = {"W": self.weights, "b_h": self.hidden_biases, "b_v": self.visible_biases, "L": self.couplings}
        return MappingProxyType({name: array for name, array in named.items() if array is not None})

    def with_parameters(self, parameters: Parameters) -> BoltzmannMachine:
        """The same machine with other arrays, all given by name; taken as they are, not copied, not looked through.

        Raises
        ------
        InvalidParameterError
            If names, shapes or types are not those of this machine.
        """
        check.same_arrays(parameters, self.parameters)
        other = object.__new__(type(self))
        check.freeze(
            other, weights=parameters["W"], hidden_biases=parameters["b_h"], visible_biases=parameters.get("b_v"),
            couplings=parameters.get("L"), averaged=self.averaged,
        )  # fmt: skip
        return other

    def start(self, batch: int, *, seed: int) -> State:
        """Visible and hidden units 0 or 1 with probability 1/2; the batch's first rows do not depend on its size."""
        size = check.integer_at_least("batch", batch, 1)
        drawn = np.random.default_rng(int(seed)).integers(0, 2, (size, self.visible + self.hidden), np.uint8)
        state = drawn.astype(self.dtype)
        return np.ascontiguousarray(state[:, : self.visible]), np.ascontiguousarray(state[:, self.visible :])

    def run(self, phase: Phase, state: State, inputs: Array, labels: IntArray, *, steps: int, seed: int) -> State:
        """The state (v, h) after so many steps of Gibbs sampling; see ``PhaseModel.run``.

        A positive step holds v at the inputs and draws h; a negative one draws v given h, then h given v. Coupled
        visibles are drawn one after the other, each given all others.

        Raises
        ------
        InvalidParameterError
            If the inputs of a positive phase are not zeros and ones of the right shape.
        """
        from thermo_cl.learning.boltzmann.gibbs import run_free, run_held

        del labels
        if phase == Phase.POSITIVE:
            v = bits("inputs", inputs, self.visible, self.dtype)
            return v, run_held(self, v, steps, seed)
        return run_free(self, state, steps, seed)

    def statistic(self, phase: Phase, state: State, inputs: Array, labels: IntArray) -> Parameters:
        """Batch mean of the energy's derivatives: ``W`` -h v^T, ``b_h`` -h, ``b_v`` -v, ``L`` -v v^T off its diagonal.

        With ``averaged`` the mean of h given v stands for h.
        """
        from thermo_cl.learning.boltzmann.energies import hidden_probabilities

        del phase, inputs, labels
        v, h = state
        if self.averaged:
            h = hidden_probabilities(self, v)
        share = self.dtype.type(-1.0 / len(v))
        values = {"W": share * (h.T @ v), "b_h": share * h.sum(axis=0)}
        if self.visible_biases is not None:
            values["b_v"] = share * v.sum(axis=0)
        if self.couplings is not None:
            values["L"] = share * (v.T @ v)
            np.fill_diagonal(values["L"], 0.0)
        return values

    def check_data(self, data: Dataset) -> None:
        """Refuse examples that are not zeros and ones, one for each visible unit, by InvalidParameterError."""
        bits("data.inputs", data.inputs, self.visible, np.float32)

    def follow(
        self, schedule: PhaseSchedule, plan: Plan, data: Dataset, optimizer: Optimizer, carried: Carried
    ) -> tuple[BoltzmannMachine, Carried] | None:
        """The phases of a plan in a compiled loop, or None where it has none; see ``PhaseModel``."""
        from thermo_cl.learning.boltzmann.follow import can_follow, follow_replicas

        if not can_follow(schedule, optimizer):
            return None
        return follow_replicas([self], schedule, [plan], data, optimizer, [carried])[0]


def check_machine(machine: object) -> None:
    """Refuse what is not a machine with finite arrays; ``with_parameters`` lets others pass, as a run may diverge."""
    if not isinstance(machine, BoltzmannMachine):
        raise InvalidParameterError("machine", type(machine).__name__, "a BoltzmannMachine")
    for name, array in machine.parameters.items():
        if not np.isfinite(array).all():
            raise InvalidParameterError(f"machine.parameters[{name!r}]", "an array", "finite in every entry")
