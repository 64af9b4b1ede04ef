"""What all tests and all examples share: the same fonts everywhere, and no picture left open."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

# Run apart, so that tests which draw nothing need not load matplotlib.
LIST_OWN_FONTS = """
from pathlib import Path
from matplotlib import font_manager, get_cachedir, get_data_path

manager = font_manager.fontManager
for fonts in (manager.ttflist, manager.afmlist):
    fonts[:] = [font for font in fonts if Path(get_data_path()) in Path(font.fname).parents]
version = font_manager.FontManager.__version__
font_manager.json_dump(manager, Path(get_cachedir(), f"fontlist-v{version}.json"))
"""


def forget_what_this_machine_has():
    """Give matplotlib a folder of its own, with a list of fonts without those of the system.

    A font or a setting that one machine happens to have must not decide what passes. Every process
    that a test starts reads the same list.
    """
    folder = tempfile.mkdtemp(prefix="matplotlib-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.pop("MATPLOTLIBRC", None)
    os.environ.pop("MPL_IGNORE_SYSTEM_FONTS", None)  # it would hide our own fonts, too
    os.environ |= {"MPLCONFIGDIR": folder, "MPLBACKEND": "Agg"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", LIST_OWN_FONTS], check=True)  # noqa: S603  our own code


if "PYTEST_XDIST_WORKER" not in os.environ:  # workers share what the first process has made
    forget_what_this_machine_has()


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    """Close what a test or an example has drawn, if it has loaded matplotlib at all."""
    yield
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close("all")
