"""Stochastic descent of estimated gradients; what an optimizer remembers is kept apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.arrays import Parameters

__all__ = ["SGD", "Adam", "Moments", "Optimizer"]


@dataclass(frozen=True, eq=False)
class Moments:
    """What an optimizer remembers: updates done, and running means of gradients and of their squares by name."""

    count: int = 0
    first: Mapping[str, Array] = field(default_factory=dict)
    second: Mapping[str, Array] = field(default_factory=dict)


@runtime_checkable
class Optimizer(Protocol):
    """A rule that turns gradients into updates."""

    def start(self, parameters: Parameters) -> Moments:
        """What is remembered before the first update."""
        ...

    def step(
        self, parameters: Parameters, gradient: Parameters, moments: Moments, *, scale: float = 1.0
    ) -> tuple[dict[str, Array], Moments]:
        """Parameters and moments after one update, new arrays of the same types.

        Parameters
        ----------
        parameters, gradient : mapping of str to ndarray
            Of the same names and shapes.
        moments : Moments
        scale : float
            Factor on the rate, 1/tau where every step of a phase updates.
        """
        ...


@dataclass(frozen=True)
class SGD:
    r"""Plain descent, :math:`\theta \leftarrow \theta - \mathrm{scale}\cdot\mathrm{rate}\; \hat g`; rate > 0."""

    rate: float

    def __post_init__(self) -> None:
        check.freeze(self, rate=check.positive_number("rate", self.rate))

    def start(self, parameters: Parameters) -> Moments:
        """See ``Optimizer``; only updates are counted."""
        del parameters
        return Moments()

    def step(
        self, parameters: Parameters, gradient: Parameters, moments: Moments, *, scale: float = 1.0
    ) -> tuple[dict[str, Array], Moments]:
        """See ``Optimizer``."""
        rate = self.rate * scale
        moved = {name: value - value.dtype.type(rate) * gradient[name] for name, value in parameters.items()}
        return moved, Moments(moments.count + 1)


@dataclass(frozen=True)
class Adam:
    r"""Adaptive moments with bias correction (Kingma and Ba, ICLR 2015, Algorithm 1).

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1) \hat g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) \hat g^2, \quad
        \theta \leftarrow \theta - \mathrm{rate}\,
        \frac{m/(1 - \beta_1^t)}{\sqrt{v/(1 - \beta_2^t)} + \epsilon}

    Its updates are not linear in the gradient, so that an unbiased estimate does not make its mean update that of the
    exact gradient: with a random phase of weight 1/b or 1/(1 - b) it divides by sizes that depend on b.

    Parameters
    ----------
    rate : float
        > 0.
    beta1, beta2 : float
        In [0, 1).
    epsilon : float
        > 0.

    Raises
    ------
    InvalidParameterError
        If a number is out of range.
    """

    rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        for name in ("beta1", "beta2"):
            value = check.single(name, check.non_negative(name, getattr(self, name)))
            if value >= 1.0:
                raise InvalidParameterError(name, value, "at least 0 and below 1")
            check.freeze(self, **{name: value})
        check.freeze(
            self, rate=check.positive_number("rate", self.rate), epsilon=check.positive_number("epsilon", self.epsilon)
        )

    def start(self, parameters: Parameters) -> Moments:
        """See ``Optimizer``."""
        zeros = {name: np.zeros_like(value) for name, value in parameters.items()}
        return Moments(0, zeros, zeros)

    def step(
        self, parameters: Parameters, gradient: Parameters, moments: Moments, *, scale: float = 1.0
    ) -> tuple[dict[str, Array], Moments]:
        """See ``Optimizer``."""
        count = moments.count + 1
        bias1, bias2 = 1.0 - self.beta1**count, 1.0 - self.beta2**count
        first, second, moved = {}, {}, {}
        for name, value in parameters.items():
            real, g = value.dtype.type, gradient[name]
            m = real(self.beta1) * moments.first[name] + real(1.0 - self.beta1) * g
            v = real(self.beta2) * moments.second[name] + real(1.0 - self.beta2) * (g * g)
            size = np.sqrt(v / real(bias2)) + real(self.epsilon)
            moved[name] = value - real(self.rate * scale / bias1) * m / size
            first[name], second[name] = m, v
        return moved, Moments(count, first, second)
