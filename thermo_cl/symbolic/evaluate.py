"""Numbers put into symbolic expressions, through generated numerical functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from thermo_cl._types import Array

__all__ = ["evaluate"]


def evaluate(expression: sp.Basic, values: Mapping[sp.Basic, Any]) -> Array:
    """Value of an expression at arrays for its symbols, or for values of functions such as p(0)."""
    names = {key: sp.Dummy() for key in values}
    numbers = [1.0 * np.asarray(value) for value in values.values()]
    return np.asarray(sp.lambdify(list(names.values()), expression.subs(names), ["scipy", "numpy"])(*numbers))
