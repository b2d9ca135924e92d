"""Sphinx configuration; ``make docs`` builds with warnings as errors."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import pages  # noqa: E402

import thermo_cl  # noqa: E402

project = "thermo_cl"
author = "The thermo_cl developers"
project_copyright = author
version = release = thermo_cl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "gallery/*.py", "gallery/README.rst", "images"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "unsrt"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say types, shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = None

html_theme = "pydata_sphinx_theme"
html_title = "thermo_cl"
html_static_path = ["_static"]
html_css_files = ["extra.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_nav_level": 1,
}
html_sidebars = {"index": []}

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["generated/gallery"],
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "plot_gallery": "True",
    "copyfile_regex": "",
    "min_reported_time": 1000,
    "thumbnail_size": (320, 224),
}
suppress_warnings = ["config.cache"]  # sphinx-gallery's settings hold a class, which Sphinx cannot pickle
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

pages.write(HERE / "generated")
