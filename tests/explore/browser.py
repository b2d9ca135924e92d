"""Chromium and the explorer's server for the tests of the page, and what they read from it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.command_line import HEED_CTRL_C

READ = """name => Object.fromEntries(Object.entries(Bokeh.documents[0].get_model_by_name('data_' + name).data)
    .map(([column, values]) => [column, Array.from(values)]))"""
READY = 20_000  # milliseconds for a page to open on a busy machine


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium without a window; a failed test, not a skipped one, where it cannot be had."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("the browser tests need Playwright: python -m pip install --group browser", pytrace=False)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("the browser tests need Chromium: install the system's package `chromium`", pytrace=False)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=as_root)
        yield browser
        browser.close()


@contextmanager
def running() -> Iterator[str]:
    """``thermo-cl explore`` in a process of its own, its address; afterwards ended by Ctrl-C without a traceback."""
    code = HEED_CTRL_C + "from thermo_cl.cli import app; app(['explore', '--port', '0', '--no-browser'])"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.endswith("(Ctrl-C ends it)\n"), line + (process.communicate()[1] if not line else "")
        yield line.split()[0]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert "ERROR" not in said
    finally:
        process.kill()
        process.wait()


def opened(page: Any, url: str) -> Any:
    """Go there and wait until the page has drawn and listens."""
    page.goto(url)
    page.wait_for_selector("html[data-ready=yes]", timeout=READY)
    return page


def drawn(page: Any, name: str) -> dict[str, list[Any]]:
    """Columns that a picture draws, as the browser holds them."""
    return page.evaluate(READ, name)


def slider_value(page: Any, name: str) -> float:
    """Place of a slider."""
    return page.evaluate("name => Bokeh.documents[0].get_model_by_name('slider_' + name).value", name)


def press(page: Any, name: str, key: str, times: int = 1) -> None:
    """Move a slider by the keyboard and wait for what is drawn after the last press."""
    handle = page.locator(f"{GROUP_OF[name]} .noUi-handle").nth(PLACE_OF[name])
    handle.focus()
    for _ in range(times):
        before = drawn(page, "page")["query"][0]
        page.keyboard.press(key)
        page.wait_for_function(
            "before => Bokeh.documents[0].get_model_by_name('data_page').data.query[0] !== before", arg=before
        )


_GROUPS = {
    "#controls-ladder": ("gamma", "rate_factor", "levels", "reference_level", "signal"),
    "#controls-cycle": ("fast", "slow", "mean", "amplitude"),
    "#controls-threshold": ("threshold", "amplitude_max"),
}
GROUP_OF = {name: group for group, names in _GROUPS.items() for name in names}
PLACE_OF = {name: place for names in _GROUPS.values() for place, name in enumerate(names)}
