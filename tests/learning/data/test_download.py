"""The download of MNIST by pooch, from a server on this machine."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from tests.learning.data.idx_files import tiny_contents
from thermo_cl.errors import DataError
from thermo_cl.learning.data import download, mnist, original

ZIPPED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in tiny_contents().items()}


@contextlib.contextmanager
def server(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Address of a server that gives these files, and the list of what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/")
            asked.append(name)
            body = files.get(name, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/", asked
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, and the tiny files in the place of MNIST's."""
    monkeypatch.delenv("THERMO_CL_MNIST", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    for name, content in tiny_contents().items():
        monkeypatch.setitem(original.CONTENTS, name, hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(download.ARCHIVES, f"{name}.gz", hashlib.sha256(ZIPPED[f"{name}.gz"]).hexdigest())
    return tmp_path / "thermo_cl" / "mnist"


def test_files_are_downloaded_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(ZIPPED) as (address, asked):
        monkeypatch.setattr(download, "MIRRORS", (address,))
        train, test = mnist()
        assert (len(train), len(test), train.name) == (30, 20, "mnist-train")
        assert sorted(asked) == sorted(ZIPPED)
        mnist()
        assert len(asked) == 4
    assert sorted(p.name for p in cache.iterdir()) == sorted(ZIPPED)


def test_a_damaged_cache_is_renewed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    (cache / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half")
    with server(ZIPPED) as (address, asked):
        monkeypatch.setattr(download, "MIRRORS", (address,))
        assert len(mnist()[1]) == 20
    assert "t10k-labels-idx1-ubyte.gz" in asked


def test_the_next_mirror_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**ZIPPED, "train-labels-idx1-ubyte.gz": b"something else"}
    del wrong["t10k-images-idx3-ubyte.gz"]
    with server(wrong) as (first, _), server(ZIPPED) as (second, asked):
        monkeypatch.setattr(download, "MIRRORS", (first, second))
        assert len(mnist()[0]) == 30
    assert asked == ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"]


def test_a_wrong_checksum_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "train-labels-idx1-ubyte.gz"
    with server({**ZIPPED, name: b"something else"}) as (address, _):
        monkeypatch.setattr(download, "MIRRORS", (address,))
        with pytest.raises(DataError, match=f"{name} .* could not be downloaded") as caught:
            mnist()
    assert download.ARCHIVES[name] in str(caught.value)
    assert not (cache / name).exists()


def test_without_a_network_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with server({}) as (address, _):
        pass  # nobody listens there any more
    monkeypatch.setattr(download, "MIRRORS", (address,))
    with pytest.raises(DataError, match=r"could not be downloaded; set THERMO_CL_MNIST .* mnist12k") as caught:
        mnist()
    assert address in str(caught.value)


def test_without_pooch_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install thermo-cl\[data\].*THERMO_CL_MNIST.*mnist12k"):
        mnist()
