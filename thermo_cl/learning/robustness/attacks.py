"""Attacks: small changes of the inputs that raise the loss, by one step or by many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import FeedForwardNetwork, pull_back
from thermo_cl.learning.feedforward.gradient import check_network, check_targets
from thermo_cl.learning.robustness.ball import CubeBall, EuclideanBall

__all__ = ["FGSM", "PGD", "Attack"]

_STEP = 2.5  # times size/steps: the usual step size, with which the iterates can cross the ball (Madry et al., App.)
_LARGEST = 1e30  # size of a change: float32 holds its sum with any input of use
_BALLS: dict[str, Any] = {"inf": CubeBall, "2": EuclideanBall}


@runtime_checkable
class Attack(Protocol):
    """A way to change inputs within a ball."""

    @property
    def size(self) -> float:
        """Radius of the ball, in units of the inputs."""
        ...

    def perturb(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, rng: np.random.Generator | int | None = None
    ) -> Array:
        """Inputs within the ball and the range at which the network's loss is large.

        Parameters
        ----------
        network : FeedForwardNetwork
        inputs : ndarray, shape (batch, features) or (batch, *input_shape)
            Of the network's type, within the range.
        targets : ndarray, shape (batch, classes)
            One-hot labels, of the network's type.
        rng : Generator or seed
            For the attacks that draw something.

        Returns
        -------
        ndarray, of the shape and type of the inputs
            A new array. With size 0 its entries are those of the inputs.

        Raises
        ------
        InvalidParameterError
            If inputs or targets do not fit the network, inputs are out of range, or targets are not one-hot.
        """
        ...


@dataclass(frozen=True)
class FGSM:
    r"""Fast gradient sign method: :math:`x + \varepsilon\,\mathrm{sign}\,\nabla_x\ell`, cut to the range.

    One step to the corner of the cube :math:`|\delta|_\infty \le \varepsilon` at which a linear loss would be largest
    (Goodfellow, Shlens and Szegedy, ICLR 2015). It is the worst case exactly if the loss rises with one linear
    function of the inputs, as for a linear network with two classes and cross-entropy; with one output and squared
    error too, where the range does not cut the cube.

    Parameters
    ----------
    size : float
        epsilon, from 0 to 1e30, in units of the inputs.
    bounds : (float, float)
        Range of the inputs, [0, 1] for pixels; infinite ends are allowed.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """

    size: float
    bounds: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        check.freeze(self, size=_size(self.size), bounds=_bounds(self.bounds))

    def perturb(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, rng: np.random.Generator | int | None = None
    ) -> Array:
        """See ``Attack``; nothing is drawn."""
        del rng
        flat = _checked(network, inputs, targets, self.bounds)
        if self.size == 0:
            return inputs.copy()
        _, gradient = _losses_and_gradient(network, flat, targets)
        return CubeBall(flat, self.size, self.bounds).ascend(flat, gradient, self.size).reshape(inputs.shape)


@dataclass(frozen=True)
class PGD:
    r"""Projected gradient ascent of the loss, from a random place in the ball (Madry et al., ICLR 2018, Sec. 2.1).

    Steps go along the sign of the gradient (norm "inf") or along the gradient itself (norm "2"), each followed by the
    projection to the ball and the range. Of all places seen, the one of the largest loss is returned for each example.
    The inputs themselves and the end of a single full step from them (``FGSM`` for norm "inf") count as seen, so that
    the loss is never below either's. That makes ``steps`` + 3 forward and ``steps`` + 1 backward passes with a random
    start, and one of each less without.

    Parameters
    ----------
    size : float
        Radius of the ball, from 0 to 1e30, in units of the inputs.
    steps : int
        >= 1.
    step_size : float, optional
        > 0, in the norm of the ball; 2.5 size/steps by default.
    random_start : bool
        Start at a uniform draw from the ball, or else at the inputs.
    norm : "inf" or "2"
        Of the ball: the largest change of one input, or the Euclidean length of the change. The projection is exact
        for "inf"; for "2" it is to the sphere and then to the range, which is within both but not always nearest.
    bounds : (float, float)
        Range of the inputs, [0, 1] for pixels; infinite ends are allowed.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """

    size: float
    steps: int = 20
    step_size: float | None = None
    random_start: bool = True
    norm: Literal["inf", "2"] = "inf"
    bounds: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        check.freeze(
            self,
            size=_size(self.size),
            steps=check.integer_at_least("steps", self.steps, 1),
            step_size=None if self.step_size is None else _step_size(self.step_size),
            bounds=_bounds(self.bounds),
        )
        if not isinstance(self.random_start, bool):
            raise InvalidParameterError("random_start", self.random_start, "True or False")
        if not isinstance(self.norm, str) or self.norm not in _BALLS:
            raise InvalidParameterError("norm", self.norm, 'one of "inf", "2"')

    def perturb(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, rng: np.random.Generator | int | None = None
    ) -> Array:
        """See ``Attack``."""
        generator = check.generator(rng)
        flat = _checked(network, inputs, targets, self.bounds)
        if self.size == 0:
            return inputs.copy()
        ball = _BALLS[self.norm](flat, self.size, self.bounds)
        length = _STEP * self.size / self.steps if self.step_size is None else self.step_size
        losses, gradient = _losses_and_gradient(network, flat, targets)
        best = _Best(flat, losses)
        full = ball.ascend(flat, gradient, self.size)
        best.see(full, network.loss.value(network.outputs(full), targets))
        here = ball.draw(generator) if self.random_start else ball.ascend(flat, gradient, length)
        for _ in range(self.steps if self.random_start else self.steps - 1):
            losses, gradient = _losses_and_gradient(network, here, targets)
            best.see(here, losses)
            here = ball.ascend(here, gradient, length)
        best.see(here, network.loss.value(network.outputs(here), targets))
        return best.inputs.reshape(inputs.shape)


class _Best:
    """For each example the place of the largest loss so far."""

    def __init__(self, inputs: Array, losses: Array) -> None:
        self.inputs, self._losses = inputs.copy(), losses

    def see(self, inputs: Array, losses: Array) -> None:
        better = losses > self._losses
        self.inputs[better] = inputs[better]
        self._losses = np.where(better, losses, self._losses)


def _losses_and_gradient(network: FeedForwardNetwork, inputs: Array, targets: Array) -> tuple[Array, Array]:
    """Loss of each example, and its derivative by the inputs, shape (batch, features)."""
    now = network.forward(inputs)
    errors = pull_back(network, now, network.loss.slope(now.outputs, targets))
    gradient = now.links[0].backward(errors[0], network.weights[0]).reshape(inputs.shape)
    return network.loss.value(now.outputs, targets), np.nan_to_num(gradient, copy=False)  # nan: no direction is known


def _checked(network: FeedForwardNetwork, inputs: Array, targets: Array, bounds: tuple[float, float]) -> Array:
    """Flattened inputs, shape (batch, features)."""
    check_network(network)
    flat = network.shaped(inputs).reshape(len(inputs), -1)
    inside = np.isfinite(flat) & (flat >= bounds[0]) & (flat <= bounds[1])
    if not inside.all():
        raise InvalidParameterError("inputs", float(flat[~inside][0]), f"finite and within the range {bounds}")
    check_targets(network, len(inputs), targets)
    if not (((targets == 0) | (targets == 1)).all() and ((targets == 1).sum(axis=1) == 1).all()):
        raise InvalidParameterError("targets", "an array", "one-hot labels: one 1 in each row, and 0 elsewhere")
    return flat


def _size(size: float) -> float:
    number = check.single("size", check.non_negative("size", size))
    if number > _LARGEST:
        raise InvalidParameterError("size", size, f"at most {_LARGEST:g}")
    return number


def _step_size(size: float) -> float:
    return check.single("step_size", check.positive("step_size", size, below=_LARGEST))


def _bounds(bounds: tuple[float, float]) -> tuple[float, float]:
    valid = "two numbers (low, high), low < high"
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise InvalidParameterError("bounds", bounds, valid)
    for end in bounds:
        if isinstance(end, bool) or not isinstance(end, (int, float, np.integer, np.floating)) or math.isnan(end):
            raise InvalidParameterError("bounds", bounds, valid)
    low, high = map(float, bounds)
    if not low < high:
        raise InvalidParameterError("bounds", bounds, valid)
    return low, high
