"""Tables of a configuration, as every TOML file of the library is read."""

from thermo_cl._table import REQUIRED, Table, toml_text

__all__ = ["REQUIRED", "Table", "toml_text"]
