"""Feed-forward networks: connections, an activation between them, and a loss of the last layer's linear outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.arrays import LayeredArrays, check_float_type, common_type, finite_array, read_only
from thermo_cl.learning.feedforward.activations import Nonlinearity, ReLU
from thermo_cl.learning.feedforward.connections import (
    Connection,
    Link,
    chained_shapes,
    checked_connections,
    checked_input_shape,
)
from thermo_cl.learning.feedforward.losses import Loss, SquaredError

__all__ = ["FeedForwardNetwork", "ForwardPass"]


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What a network does with its inputs.

    Attributes
    ----------
    links : tuple of Link
        Connections with what went into them.
    received : tuple of ndarray, shapes (batch, *layer_shape)
        What the layers 1, ..., L receive; the last is the output.
    states : tuple of ndarray, shapes (batch, *layer_shape)
        What the layers 1, ..., L - 1 make of it.
    """

    links: tuple[Link, ...]
    received: tuple[Array, ...]
    states: tuple[Array, ...]

    @property
    def outputs(self) -> Array:
        """The last layer, shape (batch, classes)."""
        return self.received[-1]


@dataclass(frozen=True, eq=False, init=False)
class FeedForwardNetwork(LayeredArrays):
    r"""Layers :math:`s_k = f(a_k)`, :math:`a_k = W_k s_{k-1} + b_k`, with the linear output :math:`a_L`.

    Parameters
    ----------
    connections : sequence of Connection or int
        From one layer to the next; a number n is ``Dense(n)``. The last one leads to a layer of no image.
    weights, biases : sequence of array_like
        One of each for each connection, of the shapes that it says; all float32, or else float64.
    input_shape : int or tuple of int
        Features, or (channels, height, width) of an image.
    activation : Nonlinearity
    loss : Loss

    Raises
    ------
    InvalidParameterError
        If shapes do not chain, or a number is not real and finite.
    """

    connections: tuple[Connection, ...]
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    input_shape: tuple[int, ...]
    activation: Nonlinearity
    loss: Loss

    def __init__(
        self,
        connections: Sequence[Connection | int],
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        input_shape: int | Sequence[int],
        *,
        activation: Nonlinearity | None = None,
        loss: Loss | None = None,
    ) -> None:
        kinds, inputs = checked_connections(connections), checked_input_shape(input_shape)
        f, cost = ReLU() if activation is None else activation, SquaredError() if loss is None else loss
        if not isinstance(f, Nonlinearity):
            raise InvalidParameterError("activation", activation, "a Nonlinearity, as ReLU() or Tanh()")
        if isinstance(cost, type) or not isinstance(cost, Loss):  # a class has all that its values have
            raise InvalidParameterError("loss", loss, "a Loss, as SquaredError() or SoftmaxCrossEntropy()")
        shapes = chained_shapes(kinds, inputs)
        for name, group in (("weights", weights), ("biases", biases)):
            if not isinstance(group, (Sequence, np.ndarray)):
                raise InvalidParameterError(name, group, "a sequence of arrays, one for each connection")
        if len(weights) != len(kinds) or len(biases) != len(kinds):
            seen = f"{len(weights)} weights, {len(biases)} biases"
            raise InvalidParameterError("weights", seen, f"{len(kinds)} of each, one for each connection")
        given = {f"{kind}{n}": a for kind, group in (("W", weights), ("b", biases)) for n, a in enumerate(group, 1)}
        arrays = {name: check.real_array(name, a) for name, a in given.items()}
        dtype, kept = common_type(arrays.values()), {}
        for n, (weight_shape, bias_shape, _) in enumerate(shapes, start=1):
            for name, shape in ((f"W{n}", weight_shape), (f"b{n}", bias_shape)):
                if arrays[name].shape != shape:
                    raise InvalidParameterError(name, f"an array of shape {arrays[name].shape}", f"of shape {shape}")
                kept[name] = read_only(finite_array(name, arrays[name]), dtype)
        layers = range(1, len(kinds) + 1)
        check.freeze(
            self,
            connections=kinds,
            weights=tuple(kept[f"W{n}"] for n in layers),
            biases=tuple(kept[f"b{n}"] for n in layers),
            input_shape=inputs,
            activation=f,
            loss=cost,
        )

    @classmethod
    def random(
        cls,
        input_shape: int | Sequence[int],
        connections: Sequence[Connection | int],
        *,
        activation: Nonlinearity | None = None,
        loss: Loss | None = None,
        dtype: Any = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> FeedForwardNetwork:
        r"""Weights and biases uniform within :math:`[-1/\sqrt{n}, 1/\sqrt{n}]`, n the inputs of a neuron.

        The weights' range is that of He et al. (ICCV 2015) for leaky ReLUs of slope :math:`\sqrt 5`, the default of
        much software in the field.

        Parameters
        ----------
        input_shape, connections, activation, loss
            As of the class.
        dtype : float32 or float64
        rng : Generator or seed

        Raises
        ------
        InvalidParameterError
            If an argument is not as above.
        """
        kinds, inputs, generator = (
            checked_connections(connections),
            checked_input_shape(input_shape),
            check.generator(rng),
        )
        check_float_type(dtype)
        weights, biases = [], []
        for weight_shape, bias_shape, _ in chained_shapes(kinds, inputs):
            limit = 1.0 / math.sqrt(math.prod(weight_shape[:-1]))
            weights.append(generator.uniform(-limit, limit, weight_shape).astype(dtype))
            biases.append(generator.uniform(-limit, limit, bias_shape).astype(dtype))
        return cls(kinds, weights, biases, inputs, activation=activation, loss=loss)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer, inputs first."""
        return tuple(math.prod(shape) for shape in self.shapes)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each layer (without the batch), inputs first."""
        return (self.input_shape, *(shape for *_, shape in chained_shapes(self.connections, self.input_shape)))

    def forward(self, inputs: Array) -> ForwardPass:
        """Run the network.

        Parameters
        ----------
        inputs : ndarray, shape (batch, features)
            Of the network's type; images flattened, or of shape (batch, *input_shape).

        Returns
        -------
        ForwardPass

        Raises
        ------
        InvalidParameterError
            If the inputs do not fit.
        """
        here = self.shaped(inputs)
        links, received, states = [], [], []
        for kind, w, b in zip(self.connections, self.weights, self.biases, strict=True):
            links.append(kind.link(here))
            received.append(links[-1].forward(w, b))
            if len(links) < len(self.weights):
                here = self.activation.value(received[-1])
                states.append(here)
        return ForwardPass(tuple(links), tuple(received), tuple(states))

    def outputs(self, inputs: Array) -> Array:
        """Outputs of the last layer, shape (batch, classes); see ``forward``."""
        return self.forward(inputs).outputs

    def shaped(self, inputs: Array) -> Array:
        """Inputs as the first connection sees them, shape ``(batch, *input_shape)``; refuses those that do not fit."""
        features = math.prod(self.input_shape)
        shapes = {(features,), self.input_shape}
        if not isinstance(inputs, np.ndarray) or inputs.shape[1:] not in shapes:
            seen = f"shape {inputs.shape}" if isinstance(inputs, np.ndarray) else type(inputs).__name__
            valid = " or ".join(f"(batch, {', '.join(map(str, shape))})" for shape in sorted(shapes, key=len))
            raise InvalidParameterError("inputs", seen, f"an array of shape {valid}")
        if inputs.dtype != self.dtype or not len(inputs):
            raise InvalidParameterError("inputs", f"{len(inputs)} of {inputs.dtype}", f"at least one, of {self.dtype}")
        return inputs.reshape(len(inputs), *self.input_shape)
