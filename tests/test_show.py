"""What objects say of themselves: one line at the prompt, valid HTML in a notebook, figures by ``plot()``."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl import _show as show
from thermo_cl.errors import InvalidParameterError, OutputError
from thermo_cl.kernels import high_pass_kernel

LADDER = tcl.Ladder(gamma=1e-3)
KERNEL = tcl.chemotaxis_kernel()
CURVE = tcl.update_curve(KERNEL, tcl.Sawtooth(fast=1.0, slow=9.0), 50.0)
SHOWN = {
    "ladder": LADDER,
    "ladders": tcl.Ladder(gamma=[1e-3, 0.1]),
    "tall ladder": tcl.Ladder(gamma=1e-3, n_levels=30),
    "kernel": KERNEL,
    "kernel of wide range": LADDER.step_kernel(200.0),
    "cut kernel": KERNEL.windowed(0.3),
    "high pass": high_pass_kernel(1.0, 1.0),
    "kernels": tcl.chemotaxis_kernel([0.0, 0.1]),
    "network": LADDER.network(),
    "sparse network": tcl.MarkovNetwork(tcl.Ladder(1e-3, n_levels=40, energy_step=0.1).sparse_rates()),
    "networks": tcl.MarkovNetwork(tcl.Ladder([1e-3, 0.1]).rate_matrix()),
    "curve": CURVE,
}


class Balanced(HTMLParser):
    """Every tag is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.seen, self.text = [], set(), ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", SHOWN)
def test_html_is_balanced_and_its_drawings_are_svg(name):
    shown = SHOWN[name]._repr_html_()
    page = Balanced()
    page.feed(shown)
    assert page.open == []
    assert "table" in page.seen
    assert "np." not in page.text
    if "svg" in page.seen:
        drawn = ET.fromstring(shown[shown.index("<svg") : shown.index("</svg>") + 6])
        width, height = (float(drawn.get(side)) for side in ("width", "height"))
        assert 100 < width < 900 and 50 < height < 200
        for line in drawn.iter("{http://www.w3.org/2000/svg}polyline"):
            points = np.array([[float(x) for x in point.split(",")] for point in line.get("points").split()])
            assert points.min() >= -0.1 and (points.max(axis=0) <= [width + 0.1, height + 0.1]).all()


@pytest.mark.parametrize(
    ("name", "drawn"), [("ladder", True), ("kernel", True), ("curve", True), ("network", False), ("ladders", False)]
)
def test_single_ladders_kernels_and_curves_are_drawn(name, drawn):
    assert ("<svg" in SHOWN[name]._repr_html_()) is drawn


def test_the_discs_of_a_ladder_are_its_occupancies():
    shown = LADDER._repr_html_()
    drawn = ET.fromstring(shown[shown.index("<svg") : shown.index("</svg>") + 6])
    radii = np.array([float(disc.get("r")) for disc in drawn.iter("{http://www.w3.org/2000/svg}circle")])
    large = LADDER.steady_state() > 0.05
    assert_allclose(radii[large] ** 2 / radii[large][0] ** 2, (LADDER.steady_state() / LADDER.steady_state()[1])[large],
                    rtol=0.05)  # fmt: skip
    assert radii.size == 10


@pytest.mark.parametrize("name", SHOWN)
def test_one_line_without_numpys_types(name):
    line = repr(SHOWN[name])
    assert "\n" not in line and "np." not in line and len(line) < 200
    assert line.startswith(type(SHOWN[name]).__name__)


def test_lines_at_the_prompt():
    assert repr(tcl.Sawtooth(fast=1.0, slow=9.0)) == "Sawtooth(fast=1, slow=9, mean=0)"
    assert repr(KERNEL) == "Kernel(2 terms, area 0, first moment -1)"
    assert repr(tcl.Ladder(gamma=np.geomspace(1e-3, 1.0, 9))).startswith("Ladder(gamma=<(9,) from 0.001 to 1>,")
    assert "dynamic range 9" in repr(CURVE)


def test_text_is_escaped():
    assert "<b>" not in show.html_card("<b>", {"<b>": "<b>"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "True"), (np.bool_(False), "False"), (3, "3"), (np.int64(-2), "-2"), (1 + 2j, "1+2j"), ("a", "'a'"),
        (np.array(0.5), "0.5"), (np.array([[1.0, 2.0], [3.0, 4.0]]), "[[1, 2], [3, 4]]"),
        (np.full(9, 1j), "<(9,)>"), (np.nan, "nan"),
    ],
)  # fmt: skip
def test_values_in_few_characters(value, expected):
    assert show.brief(value) == expected


def test_plots_are_figures_of_the_object():
    rails = LADDER.plot(signal=200.0)
    assert "200" in rails.axes[0].get_title()
    assert rails.axes[0].get_xlabel() == "Level m"
    top, bottom = KERNEL.plot().axes
    assert_allclose(top.lines[-1].get_ydata(), KERNEL(top.lines[-1].get_xdata()))
    assert "time" in bottom.get_xlabel()
    times = np.linspace(0.0, 0.2, 7)
    assert_allclose(KERNEL.plot(times).axes[0].lines[-1].get_xdata(), times)
    lines = {line.get_label(): line for line in CURVE.plot().axes[0].lines}
    assert_allclose(lines["weight update"].get_ydata(), CURVE.updates)


def test_batches_are_not_drawn():
    for call in (SHOWN["ladders"].plot, SHOWN["kernels"].plot):
        with pytest.raises(InvalidParameterError, match="batch"):
            call()


def test_a_curve_is_its_own_data_set():
    saved = CURVE.to_dataset()
    exact = tcl.exact_window_metrics(KERNEL, CURVE.protocol, threshold=CURVE.threshold, amplitude_max=50.0)
    assert saved.offset == exact.offset and saved.dynamic_range == exact.dynamic_range
    direct = tcl.weight_update(KERNEL, CURVE.protocol, CURVE.amplitudes, threshold=CURVE.threshold)
    assert np.array_equal(saved.weight_update.values, direct)
    assert CURVE.threshold == tcl.adaptive_threshold(KERNEL, CURVE.protocol, 50.0)
    for name, change in (
        ("kernel", {"kernel": SHOWN["kernels"]}), ("protocol", {"protocol": tcl.Sawtooth([1.0, 2.0], 9.0)}),
        ("amplitude_max", {"amplitude_max": 0.0}), ("samples", {"samples": 1}), ("threshold", {"threshold": -1.0}),
    ):  # fmt: skip
        options = {"kernel": KERNEL, "protocol": CURVE.protocol, "amplitude_max": 50.0} | change
        with pytest.raises(InvalidParameterError, match=f"^{name} = "):
            tcl.update_curve(**options)


def test_without_matplotlib_a_plot_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "thermo_cl.plotting", raising=False)
    for name in [name for name in sys.modules if name.startswith(("thermo_cl.plotting.", "matplotlib"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delattr(tcl, "plotting", raising=False)
    with pytest.raises(OutputError, match=r"thermo-cl\[plot\]"):
        KERNEL.plot()


def test_rooms_are_entered_when_they_are_asked_for():
    code = (
        "import sys, thermo_cl; before = {m for m in sys.modules if m.startswith('thermo_cl.learning')}; "
        "thermo_cl.learning.train; thermo_cl.feedback.shipped; thermo_cl.sweep.label; print(len(before)); "
        "from thermo_cl import *; print(learning.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "thermo_cl.learning"]
    with pytest.raises(AttributeError, match="no attribute 'lerning'"):
        tcl.lerning  # noqa: B018
