"""Download of the original MNIST files into the user's cache."""

from __future__ import annotations

import textwrap
from pathlib import Path

from thermo_cl.errors import DataError
from thermo_cl.learning.data._optional import optional_module

__all__ = ["ARCHIVES", "MIRRORS", "download_mnist"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
ARCHIVES = {  # sha256 of the gzip files as published; the cache is checked against it at every use
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_OTHERWISE = "set THERMO_CL_MNIST to a folder that holds the files, or use the bundled mnist12k"
_SHOWN = 200  # characters of a failure that the message shows at most


def download_mnist() -> Path:
    """Folder with the four gzipped files of MNIST, 12 MB, downloaded by pooch unless they are there.

    Returns
    -------
    Path
        In pooch's cache folder of the user (environment variable ``XDG_CACHE_HOME`` moves it on Linux).

    Raises
    ------
    DataError
        If pooch is missing, or no mirror gives a file of the right checksum.
    """
    pooch = optional_module("pooch", "pooch", f", {_OTHERWISE}")
    folder = Path(pooch.os_cache("thermo_cl")) / "mnist"
    for name, sha256 in ARCHIVES.items():
        failures = []
        for mirror in MIRRORS:
            try:
                pooch.retrieve(mirror + name, known_hash=f"sha256:{sha256}", fname=name, path=folder)
                break
            except (OSError, ValueError) as error:  # no connection, server's refusal, full disk; other checksum
                failures.append(f"{mirror}: {textwrap.shorten(str(error), _SHOWN)}")
        else:
            raise DataError(
                f"{name} (sha256 {sha256}) could not be downloaded; {_OTHERWISE}. Tried {'; '.join(failures)}"
            )
    return folder
