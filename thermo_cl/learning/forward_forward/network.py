"""Forward-forward networks as models with phases."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.arrays import (
    LayeredArrays,
    Parameters,
    check_float_type,
    common_type,
    finite_array,
    read_only,
)
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.forward_forward.labels import check_labels, with_labels, wrong_labels
from thermo_cl.learning.forward_forward.losses import goodness_of, loss_slope
from thermo_cl.learning.forward_forward.silence import PATIENCE, after_step, tell
from thermo_cl.learning.optimizers import Optimizer
from thermo_cl.learning.phases import Carried, Phase, PhaseSchedule, Plan, State, step_seed

__all__ = ["NORM_FLOOR", "ForwardForwardNetwork"]

NORM_FLOOR = 1e-4
"""Added to the norm of a layer's input before it divides the input."""


@dataclass(frozen=True, eq=False, init=False)
class ForwardForwardNetwork(LayeredArrays):
    r"""Layers that each learn to tell examples with right labels from examples with wrong ones.

    .. math:: h = \mathrm{relu}\big(W^T x/(|x| + 10^{-4}) + b\big), \qquad G = \overline{h^2}

    x is the image, with a one-hot label written over its first pixels, or the layer below. Every layer descends its own
    loss, softplus(threshold - G) in the positive phase, where the label is right, and softplus(G - threshold) in the
    negative one, where it is drawn uniformly from the wrong ones; no gradient goes to the layer below (Hinton,
    arXiv:2212.13345). All layers learn at once. For phase schedules :math:`g_+ = dL_+/d\theta` and
    :math:`g_- = -dL_-/d\theta` (Williams et al., ICML 2023). A phase has no dynamics: each of its steps draws other
    wrong labels, and nothing that persists changes what is learnt.

    A layer without an active unit gets no gradient. One that is silent on 100 positive examples in succession is told,
    once in a run, by a ``DeadLayerWarning``. Short of that, random phases with Adam soon leave most units of the first
    layer without activity on any example, the more the lower b; ``active_units`` shows it.

    Parameters
    ----------
    weights : sequence of array_like, shapes (inputs, units)
        W of each layer; it has as many inputs as the one below has units. The network is of float32 if all arrays are,
        else of float64.
    biases : sequence of array_like, shapes (units,), optional
        Zero by default.
    classes : int
        At least 2, at most the number of features.
    threshold : float
        Of the goodness, > 0.

    Raises
    ------
    InvalidParameterError
        If shapes do not fit each other, a number is not finite, or an argument is not as above.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    classes: int
    threshold: float

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike] | None = None,
        *,
        classes: int = 10,
        threshold: float = 2.0,
    ) -> None:
        count, limit = check.integer_at_least("classes", classes, 2), check.positive_number("threshold", threshold)
        ws = [finite_array(f"weights[{n}]", w) for n, w in enumerate(weights)]
        if not ws:
            raise InvalidParameterError("weights", "nothing", "a matrix for each of at least one layer")
        if any(w.ndim != 2 or 0 in w.shape for w in ws) or any(
            low.shape[1] != up.shape[0] for low, up in itertools.pairwise(ws)
        ):
            raise InvalidParameterError(
                "weights.shape", [w.shape for w in ws], "(inputs, units), each fitting the next"
            )
        if ws[0].shape[0] < count:
            raise InvalidParameterError("features", ws[0].shape[0], f"at least {count}: labels are written over them")
        bs = [np.zeros(w.shape[1], w.dtype) for w in ws] if biases is None else [
            finite_array(f"biases[{n}]", b) for n, b in enumerate(biases)
        ]  # fmt: skip
        if [b.shape for b in bs] != [w.shape[1:] for w in ws]:
            raise InvalidParameterError("biases.shape", [b.shape for b in bs], f"{[w.shape[1:] for w in ws]}")
        dtype = common_type((*ws, *bs))
        weights_kept, biases_kept = (tuple(read_only(a, dtype) for a in group) for group in (ws, bs))
        check.freeze(self, weights=weights_kept, biases=biases_kept, classes=count, threshold=limit)

    @classmethod
    def random(
        cls,
        sizes: Sequence[int] = (784, 500, 500),
        *,
        classes: int = 10,
        threshold: float = 2.0,
        dtype: Any = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> ForwardForwardNetwork:
        r"""Weights and biases drawn uniformly from :math:`\pm 1/\sqrt{\mathrm{inputs}}` of their layer.

        Parameters
        ----------
        sizes : sequence of int
            Features, then units of each layer; at least two numbers, each at least 1.
        classes, threshold
            See the class.
        dtype : float32 or float64
        rng : Generator or seed

        Raises
        ------
        InvalidParameterError
            If an argument is not as above.
        """
        counts = [check.integer_at_least("sizes", size, 1) for size in sizes]
        if len(counts) < 2:
            raise InvalidParameterError("sizes", counts, "the features and the units of at least one layer")
        check_float_type(dtype)
        generator, ws, bs = check.generator(rng), [], []
        for m, n in itertools.pairwise(counts):
            width = m**-0.5
            ws.append(generator.uniform(-width, width, (m, n)).astype(dtype))
            bs.append(generator.uniform(-width, width, n).astype(dtype))
        return cls(ws, bs, classes=classes, threshold=threshold)

    def __repr__(self) -> str:
        return f"ForwardForwardNetwork({'-'.join(map(str, self.sizes))}, {self.classes} classes)"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features, then units of each layer."""
        return (self.weights[0].shape[0], *(w.shape[1] for w in self.weights))

    def activities(self, inputs: Array, labels: IntArray) -> list[tuple[Array, Array]]:
        """Scaled input ``x/(|x| + 1e-4)`` and activity h of every layer, for inputs with these labels written in.

        Parameters
        ----------
        inputs : ndarray, shape (n, features)
        labels : ndarray of int, shape (n,)

        Returns
        -------
        list of tuple of ndarray
            Of shapes (n, inputs), (n, units).

        Raises
        ------
        InvalidParameterError
            If a label is not one of the network's classes.
        """
        below, found = with_labels(inputs.astype(self.dtype, copy=False), labels, self.classes), []
        for w, b in zip(self.weights, self.biases, strict=True):
            norm = np.sqrt(np.sum(below * below, axis=1, keepdims=True))
            scaled = below / (norm + self.dtype.type(NORM_FLOOR))
            below = np.maximum(scaled @ w + b, self.dtype.type(0))
            found.append((scaled, below))
        return found

    def check_data(self, data: Dataset) -> None:
        """Refuse data of other features or classes by InvalidParameterError."""
        sizes, given = (self.sizes[0], self.classes), (data.inputs.shape[1], data.classes)
        if given != sizes:
            seen = f"{given[0]} features, {given[1]} classes"
            raise InvalidParameterError("data", seen, f"of {sizes[0]} features, {sizes[1]} classes")

    def start(self, batch: int, *, seed: int = 0) -> State:
        """Labels to be written, how long each layer has been silent, and steps taken: all zero.

        Shapes (batch,), (batch, layers), (batch,).
        """
        del seed
        size = check.integer_at_least("batch", batch, 1)
        return tuple(np.zeros(shape, np.int64) for shape in ((size,), (size, len(self.weights)), (size,)))

    def run(self, phase: Phase, state: State, inputs: Array, labels: IntArray, *, steps: int, seed: int) -> State:
        """The state after so many steps: the last one's labels, and what layers did; see ``PhaseModel.run``.

        Raises
        ------
        InvalidParameterError
            If a label is not one of the network's classes, or the inputs are of other shape or not finite.
        """
        check_labels(labels, self.classes)
        if inputs.ndim != 2 or inputs.shape[1] != self.sizes[0]:
            raise InvalidParameterError("inputs.shape", inputs.shape, f"(batch, {self.sizes[0]})")
        if not np.isfinite(inputs).all():
            raise InvalidParameterError("inputs", "an array", "finite in every entry")
        written, silent, taken = state
        for t in range(steps):
            here = np.array(step_seed(seed, t), np.uint64)
            written = labels if phase == Phase.POSITIVE else wrong_labels(labels, self.classes, here)
            active = np.stack([h.any(axis=1) for _, h in self.activities(inputs, written)], axis=1)
            silent, taken = after_step(silent, active, phase), taken + 1
            if phase == Phase.POSITIVE:
                for layer in np.flatnonzero(silent.min(axis=0) == PATIENCE):
                    tell(int(layer) + 1, int(taken[0]))
        return written, silent, taken

    def statistic(self, phase: Phase, state: State, inputs: Array, labels: IntArray) -> Parameters:
        """Batch mean of g for the labels of the state; see ``PhaseModel.statistic``."""
        del labels
        values, share = {}, 1.0 / len(inputs)
        sign = 1.0 if phase == Phase.POSITIVE else -1.0
        for n, (scaled, h) in enumerate(self.activities(inputs, state[0]), start=1):
            slope = loss_slope(phase, goodness_of(h), self.threshold)
            delta = (slope * self.dtype.type(sign * share * 2.0 / h.shape[1]))[:, None] * h
            values[f"W{n}"], values[f"b{n}"] = scaled.T @ delta, delta.sum(axis=0)
        return values

    def follow(
        self, schedule: PhaseSchedule, plan: Plan, data: Dataset, optimizer: Optimizer, carried: Carried
    ) -> tuple[ForwardForwardNetwork, Carried] | None:
        """The phases of a plan in a compiled loop, or None where it has none; see ``PhaseModel``."""
        from thermo_cl.learning.forward_forward.follow import can_follow, follow_network

        if not can_follow(schedule, optimizer):
            return None
        return follow_network(self, schedule, plan, data, optimizer, carried)
