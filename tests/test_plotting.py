"""Figures take everything from their data set, and leave matplotlib's global state alone."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from typer.testing import CliRunner

from thermo_cl.cli import app
from thermo_cl.sweep import load_netcdf

pytest.importorskip("matplotlib")

from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from thermo_cl import plotting
from thermo_cl.plotting import plot_curve, plot_dissipation, plot_kernel

CASES = {
    "kernel, log time": (plot_kernel, ["kernel", "--gamma", "1e-3"]),
    "kernel, even time": (plot_kernel, ["kernel", "--gamma", "1e-3", "--linear-time"]),
    "kernel, raw and cut": (plot_kernel, ["kernel", "--gamma", "1e-3", "--raw", "--window", "5", "--linear-time"]),
    "curve of chemotaxis": (plot_curve, ["curve"]),
    "curve without a line": (plot_curve, ["curve", "--threshold", "1e6"]),
    "curve of a ladder": (plot_curve, ["curve", "--gamma", "0.35"]),
    "many ladders": (plot_dissipation, ["dissipation", "--gamma", "1,0.5,0.3,0.1,1e-3,1e-10"]),
    "one ladder": (plot_dissipation, ["dissipation", "--gamma", "1e-3"]),
    "no linear ladder": (plot_dissipation, ["dissipation", "--gamma", "1"]),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES.keys())
def case(request, tmp_path_factory):
    plot, arguments = request.param
    target = tmp_path_factory.mktemp("sets") / "set.nc"
    answer = CliRunner().invoke(app, [*arguments, "--save", str(target)])
    assert answer.exit_code == 0, answer.output
    return plot, load_netcdf(target)


def test_figure_draws_without_warnings_and_touches_no_global_state(case):
    plot, dataset = case
    before, given = dict(rcParams), dataset.copy(deep=True)
    figure = plot(dataset)
    assert isinstance(figure, Figure)
    figure.savefig(BytesIO(), format="png")
    assert dict(rcParams) == before
    assert dataset.identical(given)


def test_every_axis_is_labelled(case):
    plot, dataset = case
    figure = plot(dataset)
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert figure.axes[-1].get_xlabel() or figure.get_supxlabel()


def test_labels_come_from_the_attributes(case):
    plot, dataset = case
    for variable in dataset.variables.values():
        variable.attrs["units"] = "furlong^2"
    figure = plot(dataset)
    assert all("(furlong$^{2}$)" in axes.get_ylabel() for axes in figure.axes)


def test_labels_lie_inside_the_figure(case):
    plot, dataset = case
    figure = plot(dataset)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        box = axes.yaxis.label.get_window_extent(renderer)
        assert figure.bbox.x0 <= box.x0
        assert figure.bbox.y0 <= box.y0
        assert box.y1 <= figure.bbox.y1


def test_curve_shows_the_data_as_they_are():
    import xarray as xr

    amplitude = np.linspace(0.0, 10.0, 11)
    scalars = {"opening": 2.0, "breakthrough": np.inf, "amplitude_max": 8.0, "amplitude_min": 8.0, "offset": np.nan,
               "slope": np.nan}  # fmt: skip
    dataset = xr.Dataset(scalars | {"weight_update": ("amplitude", amplitude**2)}, {"amplitude": amplitude})
    (axes,) = plot_curve(dataset).axes
    drawn = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == amplitude.size]
    np.testing.assert_array_equal(drawn, [amplitude**2])


def test_plotting_names():
    assert plotting.__all__ == ["kernel_dataset", "plot_curve", "plot_dissipation", "plot_kernel", "plot_ladder"]


def test_the_library_does_not_import_matplotlib():
    code = "import sys, thermo_cl, thermo_cl.cli; print({'matplotlib', 'thermo_cl.plotting'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
