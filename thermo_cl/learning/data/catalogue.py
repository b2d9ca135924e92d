"""Data sets by name, as a run configuration asks for them."""

from __future__ import annotations

import difflib
from pathlib import Path

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data.bundled import mnist12k
from thermo_cl.learning.data.dataset import Dataset
from thermo_cl.learning.data.original import mnist
from thermo_cl.learning.data.small import bars_and_stripes, digits

__all__ = ["DATASETS", "split"]

_SINGLE = {"mnist12k": mnist12k, "digits": digits, "bars-and-stripes": bars_and_stripes}
DATASETS: tuple[str, ...] = ("mnist12k", "mnist", "digits", "bars-and-stripes")


def split(name: str, train: int, holdout: int, folder: str | Path | None = None) -> tuple[Dataset, Dataset]:
    """Training and holdout examples of a data set.

    Parameters
    ----------
    name : str
        ``mnist12k``, ``digits`` or ``bars-and-stripes`` (of 4 x 4 pixels): the first ``train`` examples, and the
        ``holdout`` after them. ``mnist``: the first ``train`` of the training file, the first ``holdout`` of the
        test file.
    train, holdout : int
        How many, at least 1 each.
    folder : path-like, optional
        Of the files of ``mnist``; see there for what happens without it.

    Returns
    -------
    train, holdout : Dataset
        Views of the data set, without a copy.

    Raises
    ------
    InvalidParameterError
        If no set has the name, more examples are asked for than there are, or a folder is given to another set.
    DataError
        If the set cannot be read.
    """
    first, after = check.integer_at_least("train", train, 1), check.integer_at_least("holdout", holdout, 1)
    if name == "mnist":
        given, test = mnist(folder)
        return _first("train", given, first), _first("holdout", test, after)
    if name not in _SINGLE:
        nearest = difflib.get_close_matches(str(name), DATASETS, 1)
        meant = f" (the nearest is {nearest[0]})" if nearest else ""
        raise InvalidParameterError("name", name, f"one of {', '.join(DATASETS)}{meant}")
    if folder is not None:
        raise InvalidParameterError("folder", str(folder), f"left out: {name} is not read from a folder")
    examples = _SINGLE[name]()
    if first + after > len(examples):
        raise InvalidParameterError(
            "train + holdout", first + after, f"at most {len(examples)}, the examples of {examples.name}"
        )
    return examples.take(slice(first)), examples.take(slice(first, first + after))


def _first(argument: str, examples: Dataset, count: int) -> Dataset:
    if count > len(examples):
        raise InvalidParameterError(argument, count, f"at most {len(examples)}, the examples of {examples.name}")
    return examples.take(slice(count))
