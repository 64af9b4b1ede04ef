"""How the documentation is built: Sphinx, MyST markdown and notebooks, numpydoc and furo."""

import doctest
import re
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

import loyaltymodel

sys.path.insert(0, str(Path(__file__).parent))
import written

project = "loyaltymodel"
author = "The loyaltymodel developers"
copyright = author
version = release = loyaltymodel.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"loyaltymodel {release}"
html_copy_source = False
html_math_renderer = "mathml"
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

# Notebooks have no outputs in the repository: they are run for the pages.
nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_typehints = "none"  # the docstrings say the types in words
autodoc_member_order = "bysource"
autosummary_generate = True
numpydoc_show_class_members = False  # _templates/autosummary/class.rst lists them
autosummary_context = {"public_members": written.public_members()}


_LOG = logging.getLogger(__name__)
_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=.(?:https?:)?//[^>]*>")

# Formulas are MathML, which browsers draw by themselves: no script, no network.


def _mathml(node: nodes.math | nodes.math_block, display: str) -> str:
    found = convert(node.astext(), display=display)
    if "\\" in found:  # a command that is not known stays as it is
        _LOG.warning("no MathML for %s", node.astext(), location=node)
    return found


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{_mathml(node, "block")}</div>')
    raise nodes.SkipNode


def _fill_in(_app: Sphinx, name: str, source: list[str]) -> None:
    if name == "project/coverage":
        source[0] = source[0].replace("{{ counts }}", written.coverage_counts())
        source[0] = source[0].replace("{{ entries }}", written.coverage_entries())
    elif name == "reference/glossary":
        source[0] = source[0].replace("{{ terms }}", written.glossary_terms())
    elif name.endswith("/index"):
        source[0] = written.with_new_pages(name, source[0])


def _write(_app: Sphinx, _config: object) -> None:
    written.write_all()


def _run_notebooks_for_pages_only(app: Sphinx) -> None:
    if app.builder.format != "html":
        app.config.nb_execution_mode = "off"


def _without_network(app: Sphinx, failed: Exception | None) -> None:
    if failed is not None or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        if found := _LOADED.search(page.read_text(encoding="utf-8")):
            raise ExtensionError(f"{page.relative_to(app.outdir)} needs a network: {found[0]}")


def setup(app: Sphinx) -> None:
    """Write pages before they are looked for."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("config-inited", _write)
    app.connect("builder-inited", _run_notebooks_for_pages_only, priority=100)
    app.connect("source-read", _fill_in)
    app.connect("build-finished", _without_network)
