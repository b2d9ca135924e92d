"""The command line ``thermo-cl``: thin commands over the library."""

from thermo_cl.cli.app import app

__all__ = ["app"]
