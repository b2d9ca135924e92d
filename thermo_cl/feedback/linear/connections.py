"""Controllers made of controllers: cascades, sums and loops, whose transfer functions stay exact."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear.controller import LinearController
from thermo_cl.feedback.linear.rational import Polynomial, Rational, integers, multiply

__all__ = ["feedback_loop", "parallel", "series"]


def series(first: LinearController, second: LinearController) -> LinearController:
    """The output of one controller, measured from its set point, as the signal of another.

    The transfer function is the product; the set point is the second's. With an integrator in either the whole adapts.
    Batches broadcast.

    Examples
    --------
    >>> from thermo_cl.feedback.linear import integral_feedback, low_pass
    >>> seen = series(low_pass(1.0, time=0.1), integral_feedback(damping=3.0, gain=2.0))  # a sensor with a lag
    >>> float(seen.area), float(seen.first_moment)
    (0.0, -0.5)
    """
    one, two, batch = _together(first, second)
    n, m = first.order, second.order
    a = np.zeros((*batch, n + m, n + m))
    a[..., :n, :n], a[..., n:, n:] = one.state_matrix, two.state_matrix
    a[..., n:, :n] = two.input_vector[..., :, None] * one.output_vector[..., None, :]
    b = np.concatenate([one.input_vector, two.input_vector * one.feedthrough[..., None]], axis=-1)
    c = np.concatenate([two.feedthrough[..., None] * one.output_vector, two.output_vector], axis=-1)
    functions = _joined(one, two, lambda f, g: (multiply(f[0], g[0]), multiply(f[1], g[1])))
    return LinearController(
        a, b, c, one.feedthrough * two.feedthrough, set_point=two.set_point, functions=functions
    )  # fmt: skip


def parallel(first: LinearController, second: LinearController) -> LinearController:
    """The sum of the outputs of two controllers of one signal; set points add up. Batches broadcast."""
    one, two, batch = _together(first, second)
    n, m = first.order, second.order
    a = np.zeros((*batch, n + m, n + m))
    a[..., :n, :n], a[..., n:, n:] = one.state_matrix, two.state_matrix
    b = np.concatenate([one.input_vector, two.input_vector], axis=-1)
    c = np.concatenate([one.output_vector, two.output_vector], axis=-1)

    def total(f: Rational, g: Rational) -> Rational:
        return _sum(multiply(f[0], g[1]), multiply(g[0], f[1])), multiply(f[1], g[1])

    return LinearController(
        a, b, c, one.feedthrough + two.feedthrough, set_point=one.set_point + two.set_point,
        functions=_joined(one, two, total),
    )  # fmt: skip


def feedback_loop(forward: LinearController, backward: LinearController) -> LinearController:
    r"""A controller whose signal is lessened by what another makes of its output.

    The forward one sees :math:`s - v`, where v is the deviation that ``backward`` gives from the deviation of the
    output: :math:`H = F/(1 + F G)`. Every pole of G at zero would be an integrator, and perfect adaptation; as each
    controller must be stable by itself, a leaky one, ``low_pass``, stands for it here. Batches broadcast.

    Raises
    ------
    InvalidParameterError
        If both feed through with a product of -1, so that the loop has no solution, or the closed loop is unstable.
    """
    one, two, batch = _together(forward, backward)
    through = 1.0 + one.feedthrough * two.feedthrough
    if (through == 0.0).any():
        raise InvalidParameterError("feedthrough", -1.0, "other than -1 around the loop, where it has no solution")
    n, m = forward.order, backward.order
    share = (1.0 / through)[..., None]
    b1, c1, d1 = one.input_vector, one.output_vector, one.feedthrough[..., None]
    b2, c2, d2 = two.input_vector, two.output_vector, two.feedthrough[..., None]
    # deviation u = (C1 x1 + D1 s - D1 C2 x2)/(1 + D1 D2), and v = C2 x2 + D2 u
    seen = np.concatenate([share * c1, -share * d1 * c2], axis=-1)
    lessened = -d2 * seen - np.concatenate([np.zeros((*batch, n)), np.broadcast_to(c2, (*batch, m))], axis=-1)
    a = np.zeros((*batch, n + m, n + m))
    a[..., :n, :n], a[..., n:, n:] = one.state_matrix, two.state_matrix
    a[..., :n, :] += b1[..., :, None] * lessened[..., None, :]
    a[..., n:, :] += b2[..., :, None] * seen[..., None, :]
    instant = share * d1
    b = np.concatenate([b1 * (1.0 - d2 * instant), b2 * instant], axis=-1)

    def closed(f: Rational, g: Rational) -> Rational:
        return multiply(f[0], g[1]), _sum(multiply(f[1], g[1]), multiply(f[0], g[0]))

    return LinearController(
        a, b, seen, instant[..., 0], set_point=one.set_point, functions=_joined(one, two, closed)
    )  # fmt: skip


def _sum(first: Polynomial, second: Polynomial) -> Polynomial:
    width = max(len(first), len(second))
    both = (list(part) + [0] * (width - len(part)) for part in (first, second))
    total = [a + b for a, b in zip(*both, strict=True)]
    while total and total[-1] == 0:
        total.pop()
    return tuple(total)


class _Spread:
    """A controller's arrays over a common batch."""

    def __init__(self, controller: LinearController, batch: tuple[int, ...]) -> None:
        n = controller.order
        self.state_matrix = np.broadcast_to(controller.state_matrix, (*batch, n, n))
        self.input_vector = np.broadcast_to(controller.input_vector, (*batch, n))
        self.output_vector = np.broadcast_to(controller.output_vector, (*batch, n))
        self.feedthrough = np.broadcast_to(controller.feedthrough, batch)
        self.set_point = np.broadcast_to(controller.set_point, batch)
        index: Array = np.arange(len(controller.functions)).reshape(controller.batch_shape)
        self.functions = [controller.functions[i] for i in np.broadcast_to(index, batch).ravel()]


def _together(first: LinearController, second: LinearController) -> tuple[_Spread, _Spread, tuple[int, ...]]:
    for name, controller in (("first", first), ("second", second)):
        if not isinstance(controller, LinearController):
            raise InvalidParameterError(name, controller, "a LinearController")
    batch = check.broadcast(first=first.feedthrough, second=second.feedthrough)
    return _Spread(first, batch), _Spread(second, batch), batch


def _joined(one: _Spread, two: _Spread, rule: Callable[[Rational, Rational], Rational]) -> list[Rational]:
    """Exact transfer function of every member."""
    found = []
    for f, g in zip(one.functions, two.functions, strict=True):
        top, bottom = integers(*(tuple(map(Fraction, part)) for part in rule(f, g)))
        found.append((top, bottom))
    return found
