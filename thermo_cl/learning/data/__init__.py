"""Labelled examples, and where they come from."""

from thermo_cl._show import public
from thermo_cl.learning.data.binarised import binarised
from thermo_cl.learning.data.bundled import mnist12k
from thermo_cl.learning.data.catalogue import DATASETS, split
from thermo_cl.learning.data.dataset import Dataset
from thermo_cl.learning.data.idx import read_idx
from thermo_cl.learning.data.original import mnist
from thermo_cl.learning.data.small import bars_and_stripes, digits

__all__ = ["DATASETS", "Dataset", "bars_and_stripes", "binarised", "digits", "mnist", "mnist12k", "read_idx", "split"]

__dir__ = public(__all__)
