"""A nonlinear controller's functions tried once, before any work is done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear.differences import difference_jacobian

if TYPE_CHECKING:
    from thermo_cl.feedback.nonlinear.controller import NonlinearController

__all__ = ["try_out"]

_MOST_DISAGREEMENT = 1e-5  # of a derivative that is given from its difference quotient, over the largest of its row


def try_out(controller: NonlinearController) -> None:
    """Evaluate everything once, and compare the derivatives that are given with difference quotients.

    Raises
    ------
    InvalidParameterError
        Naming the function and the entry.
    """
    n, x, s = controller.dimension, controller.typical_state, controller.typical_signal
    for name, shape in controller.shapes.items():
        function = getattr(controller, name)
        if function is None:
            continue
        with np.errstate(all="ignore"):
            try:
                given = x.copy()
                value = np.asarray(function(given, s), dtype=float)
            except (TypeError, ValueError, IndexError, ArithmeticError) as failure:
                raise InvalidParameterError(
                    name, f"a function that fails at x = {x.tolist()}, s = {s:g} ({failure})",
                    f"a function (x, s) -> array of shape {shape} for x of shape ({n},)",
                ) from failure  # fmt: skip
        if given.tobytes() != x.tobytes():
            raise InvalidParameterError(
                name, "a function that changes its argument", "one that leaves the state as it is"
            )
        if value.shape != shape:
            raise InvalidParameterError(f"{name}(x, s).shape", value.shape, f"{shape}")
        if not np.isfinite(value).all():
            raise InvalidParameterError(
                f"{name}(x, s)", value.tolist(), f"finite at the typical state {x.tolist()} and signal {s:g}"
            )
    step = [controller.signal_scale(s)]
    quotients: tuple[tuple[str, Callable[[], tuple[FloatArray, FloatArray]]], ...] = (
        ("jacobian", lambda: difference_jacobian(lambda y: controller.rate(y, s), x, controller.scale(x))),
        ("signal_gradient", lambda: difference_jacobian(lambda z: controller.rate(x, float(z[0])), [s], step)),
        (
            "output_gradient",
            lambda: difference_jacobian(lambda y: controller.outputs(y[None], s), x, controller.scale(x)),
        ),
        ("output_slope", lambda: difference_jacobian(lambda z: controller.outputs(x[None], z[0]), [s], step)),
    )
    for name, by_differences in quotients:
        function = getattr(controller, name)
        if function is None:
            continue
        expected, error = by_differences()
        given = np.asarray(function(x.copy(), s), dtype=float).reshape(expected.shape)
        size = np.abs(expected).max(axis=1, keepdims=True) + np.abs(given).max(axis=1, keepdims=True)
        bad = np.abs(given - expected) > _MOST_DISAGREEMENT * size + 100.0 * error
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise InvalidParameterError(
                f"{name}(x, s)[{i}, {j}]", float(given[i, j]),
                f"the derivative of the function, which is {expected[i, j]:.8g} at the typical state",
            )  # fmt: skip
