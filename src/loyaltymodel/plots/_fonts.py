"""Which fonts pictures are written in, and a word where none of them has a letter.

Matplotlib takes each letter from the first font of a list that has it. The list ends with a font
of our own that has a box for every letter, so that nothing is left for matplotlib to warn of.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from weakref import WeakSet

from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font

from loyaltymodel.errors import MissingFontWarning, warn_caller

_PACKAGE, _FILE = "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"  # what the extra ``zh`` installs
# Fonts that a system may have.
_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
)
_OF_MATPLOTLIB = "DejaVu Sans"
_BOXES = Path(__file__).with_name("_boxes.ttf")  # made by scripts/make_box_font.py
_SHOWN = 10  # letters in a warning

_warned: WeakSet[Figure] = WeakSet()


def families() -> list[str]:
    """Return the fonts to write in: the user's own, Chinese ones, matplotlib's own, boxes."""
    return [*rcParams["font.family"], *_chinese(), _OF_MATPLOTLIB, _name_of(_BOXES)]


def warn_of_boxes(figure: Figure, *texts: str) -> None:
    """Warn, once a figure, of letters that are drawn as boxes because no font has them."""
    text = "".join(texts).replace("\n", "")
    # Matplotlib's own font has all of ASCII that is seen.
    if (text.isascii() and text.isprintable()) or figure in _warned:
        return
    if not (letters := _without_font(text)):
        return
    _warned.add(figure)
    cure = (
        "for another script, install a font that has it and name the font before you draw, as in "
        'matplotlib.rcParams["font.family"] = ["sans-serif", "Noto Sans Thai"]'
    )
    if not _chinese():
        cure = f'for Chinese, run: pip install "loyaltymodel[zh]"; {cure}'
    shown = letters[:_SHOWN] + ("…" if len(letters) > _SHOWN else "")
    warn_caller(
        f"no font at hand has the letters {shown!r} of a picture, which are drawn as boxes; {cure}",
        MissingFontWarning,
    )


def _chinese() -> list[str]:
    """Return the font of the extra, so that pictures are alike everywhere, else the system's."""
    found = find_spec(_PACKAGE)
    if found is not None and found.origin is not None:
        path = Path(found.origin).with_name(_FILE)
        if path.is_file():
            return [_name_of(path)]
    known = {font.name for font in fontManager.ttflist}
    return [name for name in _CHINESE if name in known]


def _name_of(path: Path) -> str:
    """Return the name by which matplotlib knows the font in a file; tell it of the font first."""
    # What was added last stands last.
    for font in reversed(fontManager.ttflist):
        if font.fname == str(path):
            return font.name
    fontManager.addfont(path)
    return fontManager.ttflist[-1].name


def _without_font(text: str) -> str:
    """Return the letters of a text that no font but that of boxes has, each once."""
    missing = dict.fromkeys(text)
    for family in families()[:-1]:
        try:
            path = fontManager.findfont(FontProperties(family=[family]), fallback_to_default=False)
        except ValueError:  # the user names a font that is not there
            continue
        has = _letters_of(path)
        missing = {letter: None for letter in missing if ord(letter) not in has}
        if not missing:
            break
    return "".join(missing)


@cache
def _letters_of(path: str) -> frozenset[int]:
    return frozenset(get_font(path).get_charmap())
