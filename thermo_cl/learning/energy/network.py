"""A layered network whose neurons minimise an energy."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.arrays import LayeredArrays, check_float_type, common_type, finite_array, read_only
from thermo_cl.learning.energy.activations import Activation, Clip

__all__ = ["EnergyNetwork", "States"]

States = tuple[Array, ...]
"""States of layers 1, 2, ..., each of shape (batch, n_l); the input layer is held."""


@dataclass(frozen=True, eq=False, init=False)
class EnergyNetwork(LayeredArrays):
    r"""Layers of neurons, each joined to the next by symmetric weights.

    .. math:: E = \sum_{l>0} \left[\tfrac12 |x_l|^2 - \rho(x_{l-1})^T W_l\, \rho(x_l) - b_l \cdot \rho(x_l)\right]

    (Scellier and Bengio, Front. Comput. Neurosci. 11, 24 (2017), Eq. 1; Falk et al. 2025, Eq. 29, where
    :math:`\rho(x)^2` stands for :math:`x^2`, the same on its states). Inputs enter as they are: rho(x_0) = x_0.

    Parameters
    ----------
    weights : sequence of array_like, shapes (n_0, n_1), (n_1, n_2), ...
        All of one floating type, float32 or float64; others become float64.
    biases : sequence of array_like, shapes (n_1,), (n_2,), ...
    activation : Activation

    Raises
    ------
    InvalidParameterError
        If shapes do not fit each other, a number is not real and finite, or the activation is none.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: Activation

    def __init__(self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike], activation: Activation) -> None:
        if not isinstance(activation, Activation):
            raise InvalidParameterError(
                "activation", activation, 'an Activation, as Clip() or activation("clip") gives'
            )
        groups = {"weights": weights, "biases": biases}
        arrays = [check.real_array(name, a) for name, group in groups.items() for a in group]
        if len(weights) == 0 or len(weights) != len(biases):
            raise InvalidParameterError("weights", f"{len(weights)} arrays", "at least one, and as many as biases")
        shapes = [a.shape for a in arrays]
        joined, layers = shapes[: len(weights)], shapes[len(weights) :]
        fits = all(len(w) == 2 and b == w[1:] for w, b in zip(joined, layers, strict=True))
        if not fits or any(0 in a for a in joined) or any(a[1] != b[0] for a, b in itertools.pairwise(joined)):
            raise InvalidParameterError(
                "shapes", f"{joined} and {layers}", "(n0, n1), (n1, n2), ... and (n1,), (n2,), ..., none of them 0"
            )
        names = [f"{kind}{n}" for kind in "Wb" for n in range(1, len(weights) + 1)]
        dtype = common_type(arrays)
        converted = [read_only(finite_array(name, a), dtype) for name, a in zip(names, arrays, strict=True)]
        check.freeze(
            self, weights=tuple(converted[: len(weights)]), biases=tuple(converted[len(weights) :]),
            activation=activation,
        )  # fmt: skip

    @classmethod
    def glorot(
        cls,
        sizes: Sequence[int],
        *,
        activation: Activation | None = None,
        scale: float = 0.5,
        dtype: Any = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> EnergyNetwork:
        r"""Weights drawn uniformly from :math:`\pm` scale :math:`\sqrt{6/(n_{l-1} + n_l)}`, zero biases.

        Parameters
        ----------
        sizes : sequence of int
            Neurons of the input, of every hidden layer and of the output; at least two numbers >= 1.
        activation : Activation, optional
            ``Clip`` by default.
        scale : float
            Factor on the range of Glorot and Bengio (AISTATS 2010, Eq. 16); the paper halves it.
        dtype : float32 or float64
        rng : Generator or seed

        Raises
        ------
        InvalidParameterError
            If an argument is not as above.
        """
        if not isinstance(sizes, Iterable) or len(sizes) < 2:
            raise InvalidParameterError("sizes", sizes, "at least two whole numbers: inputs and outputs")
        widths = [check.integer_at_least("sizes", n, 1) for n in sizes]
        check_float_type(dtype)
        factor, generator = check.positive_number("scale", scale), check.generator(rng)
        limits = [factor * np.sqrt(6.0 / (a + b)) for a, b in itertools.pairwise(widths)]
        weights = [
            generator.uniform(-limit, limit, (a, b)).astype(dtype)
            for limit, a, b in zip(limits, widths[:-1], widths[1:], strict=True)
        ]
        return cls(weights, [np.zeros(n, dtype) for n in widths[1:]], activation or Clip())

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer, inputs first."""
        return (self.weights[0].shape[0], *(b.size for b in self.biases))

    def initial_states(self, batch: int) -> States:
        """Every neuron at zero, as before anything was seen; ``batch`` >= 1 examples."""
        batch = check.integer_at_least("batch", batch, 1)
        return tuple(np.zeros((batch, b.size), self.dtype) for b in self.biases)

    def energy(self, inputs: Array, states: States) -> Array:
        """Energy E of each example, computed in float64 whatever the network's precision.

        Parameters
        ----------
        inputs : ndarray, shape (batch, n_0)
        states : tuple of ndarray, shapes (batch, n_l)

        Returns
        -------
        ndarray of float64, shape (batch,)
        """
        exact = [np.asarray(x, dtype=np.float64) for x in states]
        outputs = [np.asarray(inputs, dtype=np.float64), *(self.activation.value(x) for x in exact)]
        total = np.zeros(len(outputs[0]))
        for w, b, x, below, here in zip(self.weights, self.biases, exact, outputs[:-1], outputs[1:], strict=True):
            received = below @ w.astype(np.float64) + b
            total += 0.5 * np.einsum("bi,bi->b", x, x) - np.einsum("bi,bi->b", received, here)
        return total
