"""How the documentation is built: Sphinx, MyST markdown, numpydoc and furo."""

import doctest
from pathlib import Path
from types import FunctionType

import loyaltymodel

project = "loyaltymodel"
author = "The loyaltymodel developers"
copyright = author
version = release = loyaltymodel.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"loyaltymodel {release}"
html_copy_source = False
smartquotes = False  # w'w is a product, and options are written in straight quotes
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

# The examples of the pages read the files that the pages show.
_EXAMPLES = Path(__file__).parent / "examples"
doctest_default_flags = doctest.NORMALIZE_WHITESPACE
doctest_global_setup = f"import os; os.chdir({str(_EXAMPLES)!r})"

doctest_global_cleanup = "import matplotlib.pyplot; matplotlib.pyplot.close('all')"

# Pictures are drawn when the pages are built, from the code that stands above them.
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 250)]

autodoc_typehints = "none"  # the docstrings say the types in words
autodoc_member_order = "bysource"
autosummary_generate = True
numpydoc_show_class_members = False  # _templates/autosummary/class.rst lists them


def _public(kind: type, *, properties: bool) -> list[str]:
    """Name the public properties or methods of a class, less those of foreign base classes."""
    wanted = property if properties else (FunctionType, classmethod, staticmethod)
    ours = [base for base in kind.__mro__ if base.__module__.startswith("loyaltymodel")]
    members = [member for base in ours for member in vars(base).items()]
    names = [name for name, value in members if isinstance(value, wanted)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


_PACKAGES = [getattr(loyaltymodel, name) for name in loyaltymodel.__all__ if name[0] != "_"]
autosummary_context = {
    "public_members": {
        f"{package.__name__}.{name}": {
            "Properties": _public(kind, properties=True),
            "Methods": _public(kind, properties=False),
        }
        for package in _PACKAGES
        for name, kind in vars(package).items()
        if name in package.__all__ and isinstance(kind, type)
    }
}
