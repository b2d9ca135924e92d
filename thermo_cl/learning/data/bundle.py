"""Make the bundled file from the original MNIST files: ``python -m thermo_cl.learning.data.bundle FOLDER OUTPUT``.

FOLDER holds the original training files (see ``mnist``), which are verified. The output is the same to the byte
wherever it is made, and is refused if it is not the file that the package expects.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from thermo_cl.errors import DataError, OutputError
from thermo_cl.learning.data.bundled import SHA256, pack
from thermo_cl.learning.data.original import read_part

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the folder, write the file.

    Parameters
    ----------
    arguments : sequence of str, optional
        Folder and output; from the command line if left out.

    Raises
    ------
    DataError
        If a training file is missing or damaged, or the result has another checksum than the package expects.
    OutputError
        If the output cannot be written.
    """
    parser = argparse.ArgumentParser(prog="python -m thermo_cl.learning.data.bundle", description=__doc__)
    parser.add_argument("folder", type=Path, help="with the original training files of MNIST")
    parser.add_argument("output", type=Path, help="the file to write, such as mnist12k.bz2")
    given = parser.parse_args(arguments)
    data = pack(*read_part(given.folder, "train", verify=True))
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise DataError(f"the bundle came out different: its sha256 is {found}, expected {SHA256}; nothing is written")
    try:
        given.output.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{given.output} cannot be written: {error.strerror or error}") from None


if __name__ == "__main__":
    main()
