"""How targets push the two compartments of the output layer apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import Loss

__all__ = [
    "FORMS",
    "OUTPUTS",
    "Form",
    "Output",
    "check_output",
    "checked_alpha",
    "checked_betas",
    "output_step",
    "shares",
]

Form = Literal["adjoint", "plain", "damped"]
Output = Literal["linearised", "proximal"]

FORMS = ("adjoint", "plain", "damped")
OUTPUTS = ("linearised", "proximal")


def shares(alpha: float, form: Form) -> tuple[float, float]:
    r"""Parts of a message that the compartments take, with signs plus and minus.

    :math:`(\alpha, 1 - \alpha)` in dual propagation, exchanged in its adjoint form (Hoier and Zach, ICML 2024).
    """
    return (1 - alpha, alpha) if form == "adjoint" else (alpha, 1 - alpha)


def output_step(
    loss: Loss, outputs: Array, targets: Array, alpha: float, beta: float, form: Form, output: Output
) -> tuple[Array, Array]:
    r"""Compartments of the output layer, shapes (batch, classes).

    With the shares p and q = 1 - p of ``shares``: linearised :math:`s^+ = a - p\beta\nabla\ell(a)` and
    :math:`s^- = a + q\beta\nabla\ell(a)`; proximal the same with :math:`\nabla\ell` at :math:`s^+` and
    :math:`s^-`, which minimises and maximises over them exactly. Only the linearised step makes the gradient of
    the adjoint form that of backpropagation: for the squared error the proximal one is
    :math:`1/(1 + p\beta)(1 - q\beta)` times as large.

    Raises
    ------
    InvalidParameterError
        If the proximal step has no maximum; see ``check_output``.
    """
    up, down = shares(alpha, form)
    if output == "proximal":
        check_output(loss, alpha, beta, form, output)
        plus = loss.proximal(outputs, targets, up * beta) if up else outputs
        return plus, loss.proximal(outputs, targets, -down * beta) if down else outputs
    pull = loss.slope(outputs, targets)
    return (
        outputs - up * beta * pull if up else outputs,
        outputs + down * beta * pull if down else outputs,
    )


def check_output(loss: Loss, alpha: float, beta: float, form: Form, output: Output) -> None:
    """Refuse a nudge for which the minus compartment of the proximal step has no largest value.

    Raises
    ------
    InvalidParameterError
        If q beta times the largest curvature of the loss is not below 1.
    """
    steepest = shares(alpha, form)[1] * loss.largest_curvature
    if output == "proximal" and steepest * beta >= 1:
        side = "alpha" if form == "adjoint" else "1 - alpha"
        raise InvalidParameterError(
            "beta", beta, f"below {1 / steepest:g} with output = 'proximal' (1 / ({side}) / curvature of the loss), "
            "where the minus compartment has a largest value, or output = 'linearised'",
        )  # fmt: skip


def checked_alpha(alpha: ArrayLike) -> float:
    r"""The asymmetry :math:`\alpha` as a plain number in [0, 1]."""
    value = check.single("alpha", check.finite("alpha", alpha))
    if not 0 <= value <= 1:
        raise InvalidParameterError("alpha", value, "in [0, 1]")
    return value


def checked_betas(beta: float | Sequence[float] | Array, layers: int | None = None) -> tuple[float, ...]:
    r"""Nudges :math:`\beta_k` > 0 as plain numbers, one for each of so many layers.

    A single number is taken for every layer; without ``layers``, it is a tuple of one.
    """
    values = check.positive("beta", beta)
    if values.ndim > 1 or not values.size or (values.ndim and layers is not None and len(values) != layers):
        wanted = "one" if layers is None else f"{layers} of them, one"
        raise InvalidParameterError(
            "beta", f"an array of shape {values.shape}", f"a number, or {wanted} for each layer"
        )
    if not values.ndim and layers is not None:
        return (float(values),) * layers
    return tuple(map(float, np.atleast_1d(values)))


def check_choice(name: str, value: object, valid: Sequence[str]) -> None:
    """Refuse what is not one of some names."""
    if not isinstance(value, str) or value not in valid:
        raise InvalidParameterError(name, value, f"one of {', '.join(valid)}")


def check_finite_batch(inputs: Array, targets: Array) -> None:
    """Refuse examples that are not finite."""
    for name, array in (("inputs", inputs), ("targets", targets)):
        if not np.isfinite(array).all():
            bad = float(array[~np.isfinite(array)].flat[0])
            raise InvalidParameterError(name, bad, "finite in every entry")
