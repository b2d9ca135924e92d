"""Labelled data sets: what is spread over which axes, and empty ones."""

from __future__ import annotations

import numpy as np
import pytest

from thermo_cl.sweep import Quantity, label


def axis(name: str, count: int) -> Quantity:
    return Quantity(name, np.arange(count), f"number of {name}", "1")


def test_names_units_and_attributes_are_kept() -> None:
    data = label({"a": Quantity(("x", "y"), np.ones((2, 3)), "height", "m")}, {"x": axis("x", 2)}, {"source": "here"})
    assert data["a"].dims == ("x", "y") and data["a"].shape == (2, 3)
    assert data["a"].attrs == {"long_name": "height", "units": "m"}
    assert data["x"].attrs == {"long_name": "number of x", "units": "1"}
    assert data.attrs == {"source": "here"}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_single_values_are_spread_over_the_axis_that_another_variable_has(count: int) -> None:
    values = np.arange(float(count))
    row = {"a": Quantity("x", values, "a", "1"), "b": Quantity("x", [7.0], "b", "1")}
    for variables in (row, dict(reversed(row.items()))):
        data = label(variables, {}, {})
        assert data.sizes == {"x": count}
        np.testing.assert_array_equal(data["a"], values)
        np.testing.assert_array_equal(data["b"], np.full(count, 7.0))


@pytest.mark.parametrize("given", ["coordinate", "variable"])
def test_axes_may_be_empty(given: str) -> None:
    if given == "coordinate":
        data = label({"a": Quantity(("x", "y"), np.zeros((1, 2)), "a", "1")}, {"x": axis("x", 0)}, {})
    else:
        data = label({"a": Quantity(("x", "y"), np.zeros((0, 2)), "a", "1")}, {}, {})
    assert data["a"].shape == (0, 2)


@pytest.mark.parametrize("counts", [(2, 3), (3, 2), (0, 2), (2, 0)])
def test_lengths_that_do_not_fit_are_refused(counts: tuple[int, int]) -> None:
    variables = {name: Quantity("x", np.zeros(n), name, "1") for name, n in zip("ab", counts, strict=True)}
    with pytest.raises(ValueError, match="broadcast"):
        label(variables, {}, {})
