"""What can be set, what cannot, and the way through an address and back."""

from __future__ import annotations

import dataclasses
import inspect
import math
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thermo_cl.cli.curve import curve
from thermo_cl.errors import InvalidParameterError
from thermo_cl.explore import PARAMETERS, PRESETS, ExplorerSettings, from_query, to_query
from thermo_cl.explore.controls import from_slider, to_slider

NAMES = [parameter.name for parameter in PARAMETERS]


@st.composite
def settings(draw):
    values = {}
    for p in PARAMETERS:
        values[p.name] = draw(st.integers(int(p.low), int(p.high)) if p.whole else st.floats(p.low, p.high))
    values["reference_level"] = draw(st.floats(0.0, values["levels"] - 1.0))
    values["threshold"] = draw(st.none() | st.just(values["threshold"]))
    return ExplorerSettings(**values)


def test_every_field_is_a_parameter() -> None:
    assert [field.name for field in dataclasses.fields(ExplorerSettings)] == NAMES
    for parameter in PARAMETERS:
        assert parameter.about
        assert parameter.low < parameter.high
        assert (
            0
            < parameter.step
            < (math.log10(parameter.high / parameter.low) if parameter.logarithmic else parameter.high)
        )


def test_names_are_those_of_the_command_line() -> None:
    """``amplitude`` alone is the page's own: the command draws no single cycle."""
    assert set(NAMES) - {"amplitude"} <= set(inspect.signature(curve).parameters)


@given(settings())
def test_an_address_gives_the_same_settings(chosen: ExplorerSettings) -> None:
    assert from_query(parse_qs(to_query(chosen), keep_blank_values=True)) == (chosen, ())


@pytest.mark.parametrize("parameter", PARAMETERS, ids=NAMES)
def test_values_out_of_range_are_refused_by_name(parameter) -> None:
    step = 1 if parameter.whole else 1e-3
    for value in (parameter.low - step, parameter.high + step, math.nan, math.inf, "1", True, 1j):
        with pytest.raises(InvalidParameterError, match=parameter.name):
            ExplorerSettings(**{parameter.name: value})
    with pytest.raises(
        InvalidParameterError, match=rf"{parameter.name} = .*from {parameter.low:g} to {parameter.high:g}"
    ):
        ExplorerSettings(**{parameter.name: parameter.high * 2 + 1})


def test_the_reference_level_lies_on_the_ladder() -> None:
    with pytest.raises(InvalidParameterError, match="from 0 to 4, the top one of 5 levels"):
        ExplorerSettings(reference_level=4.5)
    chosen = ExplorerSettings(levels=12, reference_level=8.5)
    assert chosen.replaced(levels=6).reference_level == 5.0
    assert chosen.replaced(levels=10).reference_level == 8.5
    with pytest.raises(InvalidParameterError, match="whole number"):
        chosen.replaced(levels=6.5)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("gamma=-1", "gamma"), ("gamma=0", "gamma"), ("gamma=nan", "gamma"), ("gamma=inf", "gamma"),
        ("gamma=1e999", "gamma"), ("gamma=1e-400", "gamma"), ("gamma=0x1", "gamma"), ("gamma=1_0e-2", "gamma"),
        ("gamma=", "gamma"), ("gamma=%D9%A1", "gamma"), ("gamma=" + "1" * 5000, "gamma"),
        ("gamma=.1&gamma=.2", "gamma"), ("levels=5.5", "levels"), ("levels=1000000", "levels"),
        ("levels=<script>alert(1)</script>", "levels"), ("reference_level=4.5", "reference_level"),
        ("threshold=automatic", "threshold"), ("threshold=-1", "threshold"), ("slow= 3", "slow"),
        ("nonsense=1", "address"), ("%00=1", "address"), ("GAMMA=.1", "address"),
    ],
)  # fmt: skip
def test_what_an_address_cannot_ask_for_is_told_and_left_at_its_default(query: str, name: str) -> None:
    chosen, problems = from_query(parse_qs("mean=3&" + query, keep_blank_values=True))
    assert chosen == ExplorerSettings(mean=3.0)
    assert [problem.name for problem in problems] == [name]
    assert len(str(problems[0])) < 300


def test_the_servers_own_arguments_are_no_problem() -> None:
    assert from_query({"bokeh-session-id": ["abc"]}) == (ExplorerSettings(), ())


def test_presets_are_different_and_start_with_the_default() -> None:
    assert len(set(PRESETS.values())) == len(PRESETS)
    assert next(iter(PRESETS.values())) == ExplorerSettings()


@pytest.mark.parametrize("parameter", PARAMETERS, ids=NAMES)
def test_sliders_reach_both_ends_and_come_back(parameter) -> None:
    for end in (parameter.low, parameter.high):
        assert from_slider(parameter, to_slider(parameter, end)) == end
    place = to_slider(parameter, parameter.low) + 5 * parameter.step
    value = from_slider(parameter, place)
    assert to_slider(parameter, value) == pytest.approx(place, abs=1e-3)
    assert parameter.low < value < parameter.high
