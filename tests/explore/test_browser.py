"""The page in a real browser: what is drawn is what the library computes, whoever opens whatever address."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from tests.explore.browser import chromium, drawn, opened, press, running, slider_value
from thermo_cl.explore import PRESETS, ExplorerSettings, compute, dataset, from_query, python_lines, to_query
from thermo_cl.explore.columns import columns, limits

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SHARED = ExplorerSettings(
    gamma=0.037, rate_factor=3.3, levels=7, reference_level=2.25, signal=91.0, fast=1.7, slow=22.0, mean=-4.5,
    threshold=1.25, amplitude=17.0, amplitude_max=40.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def visitor(browser) -> Iterator[Any]:
    """One visitor, whose browser keeps the scripts; currents do not move for them (a visitor can ask for that)."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def page(visitor) -> Iterator[Any]:
    made = visitor.new_page()
    made.complaints = []
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
    made.on("dialog", lambda dialog: (made.complaints.append("a dialog opened"), dialog.dismiss()))
    yield made
    complaints = made.complaints
    made.close()
    assert complaints == []


def settings_of(page: Any) -> ExplorerSettings:
    """What the page says its settings are, which must be valid."""
    chosen, problems = from_query(parse_qs(drawn(page, "page")["query"][0]))
    assert problems == ()
    return chosen


def assert_drawn(page: Any, settings: ExplorerSettings) -> None:
    """Every plotted number and every end of an axis is the library's."""
    view = compute(settings)
    for name, table in columns(view).items():
        shown = drawn(page, name)
        assert shown.keys() == table.keys()
        for column, values in table.items():
            if values.dtype.kind == "f":
                shown[column] = [float("nan") if value is None else value for value in shown[column]]
                assert_allclose(shown[column], values, rtol=1e-11, atol=1e-13, err_msg=f"{name}.{column}")
            else:
                assert_array_equal(shown[column], values)
    shown = page.evaluate(
        "() => { const {x_range, y_range} = Bokeh.documents[0].get_model_by_name('figure_curve');"
        " return [x_range.start, x_range.end, y_range.start, y_range.end]; }"
    )
    assert_allclose(shown, [*limits(view)["amplitude"], *limits(view)["update"]], rtol=1e-9)


def test_every_slider_redraws_what_the_library_computes(page, url: str) -> None:
    opened(page, url)
    assert_drawn(page, ExplorerSettings())
    expected = ExplorerSettings()
    for name in ("gamma", "rate_factor", "levels", "reference_level", "signal", "fast", "slow", "mean", "amplitude",
                 "amplitude_max"):  # fmt: skip
        press(page, name, "ArrowLeft" if name == "signal" else "ArrowRight", times=2)
        moved = settings_of(page)
        assert getattr(moved, name) != getattr(expected, name)
        assert moved == expected.replaced(**{name: getattr(moved, name)})
        assert_drawn(page, moved)
        expected = moved


def test_the_threshold_by_hand_and_automatic(page, url: str) -> None:
    opened(page, url)
    automatic = compute(ExplorerSettings()).synapse.threshold
    page.locator("#controls-threshold input[type=checkbox]").uncheck()
    page.wait_for_function("() => !Bokeh.documents[0].get_model_by_name('slider_threshold').disabled")
    assert settings_of(page).threshold == pytest.approx(automatic, abs=1e-6)
    press(page, "threshold", "ArrowRight", times=3)
    by_hand = settings_of(page)
    assert by_hand.threshold > automatic
    assert_drawn(page, by_hand)
    page.locator("#controls-threshold input[type=checkbox]").check()
    page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('slider_threshold').disabled")
    assert_drawn(page, ExplorerSettings())


SETTLED = """() => {
  const get = name => Bokeh.documents[0].get_model_by_name(name);
  const gamma = Number(new URLSearchParams(get('data_page').data.query[0]).get('gamma'));
  return Math.abs(Math.log10(gamma) - get('slider_gamma').value) < 1e-3;
}"""


def test_a_drag_ends_where_the_hand_ends(page, url: str) -> None:
    opened(page, url)
    box = page.locator("#controls-ladder .noUi-handle").first.bounding_box()
    x, y = box["x"] + 8, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 70, y, steps=30)
    page.mouse.up()
    page.wait_for_function(SETTLED, timeout=20_000)
    page.wait_for_timeout(400)  # the address follows a moment later
    dragged = settings_of(page)
    assert dragged.gamma == float(f"{10 ** slider_value(page, 'gamma'):.4g}") < 1e-4
    assert_drawn(page, dragged)
    assert parse_qs(urlsplit(page.url).query) == parse_qs(to_query(dragged))


def test_presets_and_the_levels_ticks(page, url: str) -> None:
    opened(page, url)
    for name, settings in list(PRESETS.items())[::-1]:
        page.locator("select").select_option(name)
        page.wait_for_function(
            "query => Bokeh.documents[0].get_model_by_name('data_page').data.query[0] === query", arg=to_query(settings)
        )
        assert_drawn(page, settings)
    assert len(drawn(page, "trail")["accuracy"]) == 6  # one star at first and one for each that adapts


def test_a_shared_address_opens_the_same_view(page, url: str) -> None:
    opened(page, f"{url}?{to_query(SHARED)}")
    assert settings_of(page) == SHARED
    assert_drawn(page, SHARED)
    assert page.locator("#message").inner_text() == ""
    press(page, "mean", "ArrowRight")
    page.wait_for_function(
        "before => location.search !== '?' + before", arg=to_query(SHARED)
    )  # the address follows the sliders
    assert_drawn(opened(page, page.url), SHARED.replaced(mean=-4.0))


def test_downloads_hold_the_view(page, url: str, tmp_path: Path) -> None:
    opened(page, f"{url}?{to_query(SHARED)}")
    for place, suffix in enumerate((".nc", ".py")):
        with page.expect_download() as waiting:
            page.locator("header .tools a").nth(place).click()
        assert waiting.value.suggested_filename == f"thermo-cl-view{suffix}"
        waiting.value.save_as(tmp_path / f"view{suffix}")
    data, view = xr.load_dataset(tmp_path / "view.nc", engine="h5netcdf"), compute(SHARED)
    xr.testing.assert_allclose(data, dataset(view), rtol=1e-11)
    assert data.attrs["parameters"] == dataset(view).attrs["parameters"]
    assert (tmp_path / "view.py").read_text() == python_lines(view)
    press(page, "gamma", "ArrowLeft")
    moved = settings_of(page)
    with page.expect_download() as waiting:
        page.locator("header .tools a").nth(1).click()
    waiting.value.save_as(tmp_path / "moved.py")
    assert f"tcl.Ladder({moved.gamma!r}," in (tmp_path / "moved.py").read_text()


HOSTILE = {
    "negative": ("gamma=-1", "gamma = '-1' is not valid"),
    "not a number": ("slow=nan", "slow = 'nan' is not valid"),
    "huge": ("levels=1e300", "a whole number from 2 to 24"),
    "text": ("fast=quick", "fast = 'quick' is not valid"),
    "script": ("signal=" + quote("<script>alert(1)</script>"), "<script>alert(1)</script>"),
    "script as a name": (quote("<img src=x onerror=alert(1)>") + "=1", "made of the names gamma"),
    "very long": ("mean=" + "9" * 20_000, "mean = '9999"),
    "twice": ("gamma=0.1&gamma=0.2", "it must be given once"),
    "unknown": ("temperature=300", "address = 'temperature' is not valid"),
    "unicode": ("amplitude=" + quote("١٢💥\u202e"), "amplitude = "),
    "empty": ("threshold=", "threshold = '' is not valid"),
    "together wrong": ("reference_level=9", "the top one of 5 levels"),
}


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_addresses_give_a_message(page, url: str, query: str) -> None:
    address, said = HOSTILE[query]
    opened(page, f"{url}?{address}")
    message = page.locator("#message").inner_text()
    assert said in message
    assert "Traceback" not in page.content()
    assert page.locator("#message img, #message script").count() == 0
    assert_drawn(page, ExplorerSettings())


def test_a_message_goes_with_the_next_move(page, url: str) -> None:
    opened(page, f"{url}?gamma=-1")
    press(page, "mean", "ArrowRight")
    assert page.locator("#message").inner_text() == ""
    assert_drawn(page, ExplorerSettings(mean=10.5))


def test_a_view_without_a_synapse_says_why(page, url: str) -> None:
    opened(page, f"{url}?gamma=1&levels=24&reference_level=10")
    assert "slower than the period" in page.locator("#message").inner_text()
    assert drawn(page, "curve")["update"] == []
    press(page, "reference_level", "ArrowLeft")
    press(page, "gamma", "ArrowLeft", times=12)
    assert_drawn(page, settings_of(page))


def test_the_film_ends_in_the_steady_state(page, url: str) -> None:
    opened(page, url)
    rest = drawn(page, "states")
    page.get_by_text("Play the step").click()
    page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('data_cursor').data.time.length === 1")
    page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('data_cursor').data.time.length === 0")
    assert drawn(page, "states") == rest
    frames = drawn(page, "path")
    kernel = compute(ExplorerSettings()).kernel
    assert_allclose((frames["time"][0], frames["time"][-1]), (kernel.time[0], kernel.time[-1]), rtol=1e-12)
    assert_allclose([frames[f"radius{k}"][-1] for k in range(10)], rest["radius"], rtol=1e-3, atol=1e-3)


def test_eight_sessions_do_not_mix(visitor, url: str) -> None:
    pages = [visitor.new_page() for _ in range(8)]
    for k, page in enumerate(pages):
        page.goto(f"{url}?levels={k + 3}", wait_until="commit")
    for page in pages:
        page.wait_for_selector("html[data-ready=yes]", timeout=40_000)
    for k, page in enumerate(pages):
        page.bring_to_front()
        press(page, "mean", "ArrowRight", times=1 + k % 3)
    for k, page in enumerate(pages):
        assert_drawn(page, ExplorerSettings(levels=k + 3, mean=10.0 + 0.5 * (1 + k % 3)))
        page.close()


def test_nothing_is_asked_of_other_hosts(page, url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).hostname or ""))
    opened(page, url)
    assert set(asked) <= {"127.0.0.1", ""}  # data: addresses have no host


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_everything_fits_and_has_units(browser, url: str, width: int, theme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    opened(page, url)
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => document.documentElement.dataset.theme") == theme
    labels = page.evaluate(
        "() => [...Bokeh.documents[0]._all_models.values()].filter(m => m.type.endsWith('Axis')).map(m => m.axis_label)"
    )
    assert len(labels) == 14
    assert all("(" in label for label in labels if label != "rail")  # the rails have names, not numbers
    cards = page.locator("main > .card, main .controls").evaluate_all(
        "cards => cards.map(card => { const {left, right, top, bottom} = card.getBoundingClientRect();"
        " return [left, right, top, bottom]; })"
    )
    for k, (left, right, top, bottom) in enumerate(cards):
        assert 0 <= left < right <= width
        for other_left, other_right, other_top, other_bottom in cards[:k]:
            apart = right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
            assert apart
    cut = page.locator(".tile span").evaluate_all("all => all.filter(s => s.scrollWidth > s.clientWidth + 1).length")
    assert cut == 0
    page.close()


WATCH = """() => {
  const get = name => Bokeh.documents[0].get_model_by_name(name);
  let moved = null;
  window.latencies = [];
  get('slider_gamma').properties.value.change.connect(() => { moved = performance.now(); });
  get('data_page').properties.data.change.connect(() => {
    const begin = moved;
    requestAnimationFrame(() => setTimeout(() => window.latencies.push(performance.now() - begin)));
  });
}"""


def share_of_a_core() -> float:
    """What part of the time a process that never waits is running; the rest goes to others on this machine."""
    wall, own = time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < 0.4:
        pass
    return (time.process_time() - own) / (time.perf_counter() - wall)


@pytest.mark.parametrize("levels", [5, 12])
def test_a_moved_slider_redraws_within_100_milliseconds(page, url: str, levels: int) -> None:
    """From the slider's move in the browser to the end of the drawing of all pictures, the median of 12 moves.

    The best of a few such medians, less the time for which other processes held the cores: on a quiet machine that
    is the plain median.
    """
    opened(page, f"{url}?levels={levels}")
    page.evaluate(WATCH)
    page.locator("#controls-ladder .noUi-handle").first.focus()
    medians: list[float] = []
    shares: list[float] = []
    while not medians or (min(m * s for m, s in zip(medians, shares, strict=True)) > 100.0 and len(medians) < 6):
        page.evaluate("() => { window.latencies.length = 0; }")
        before = share_of_a_core()
        for k in range(12):
            page.keyboard.press("ArrowRight" if k % 2 else "ArrowLeft")
            page.wait_for_function("count => window.latencies.length > count", arg=k)
        medians.append(statistics.median(page.evaluate("window.latencies")))
        shares.append(0.5 * (before + share_of_a_core()))
    assert min(m * s for m, s in zip(medians, shares, strict=True)) <= 100.0, (medians, shares)
