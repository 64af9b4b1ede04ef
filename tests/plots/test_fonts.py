"""Letters that no font has: one warning of ours with the cure, none of matplotlib's."""

import io
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.font_manager import FontEntry, fontManager

from loyaltymodel import jones_sasser, plots
from loyaltymodel.errors import MissingFontWarning
from loyaltymodel.plots import _fonts

CURVE = jones_sasser.curve("power", {"hi": 0.95, "k": 3.0})
COMMAND = 'pip install "loyaltymodel\\[zh\\]"'
SCRIPTS = {
    "Korean": "충성도",
    "Thai": "ความภักดี",
    "Devanagari": "निष्ठा",
    "an emoji": "🦊",
    "an emoji of several": "👩‍👩‍👧",
    "a rare Chinese letter": "𠮷",
    "beyond all planes in use": chr(0x10FFFD),
    "a tab": "a\tb",
}


def draw(label="loyal", language="en", ax=None):
    return plots.jones_sasser.curve_family(
        CURVE, constraints=[0.5], labels=[label], language=language, ax=ax
    )


def save(figure, **look):
    """Return the picture in every format; matplotlib's warnings are errors here."""
    saved = {}
    with mpl.rc_context(look):
        for kind in ("png", "pdf", "svg", "ps"):
            file = io.BytesIO()
            figure.savefig(file, format=kind)
            saved[kind] = file.getvalue()
    return saved


def test_only_fonts_that_come_with_matplotlib_or_with_us_are_seen():
    known = (Path(mpl.get_data_path()), Path(_fonts.__file__).parent)
    for font in fontManager.ttflist:
        path = Path(font.fname)
        assert _fonts._PACKAGE in path.parts or any(own in path.parents for own in known), path


def test_other_processes_see_no_more():
    code = (
        "from matplotlib.font_manager import fontManager as m; print(*(f.fname for f in m.ttflist))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(path.startswith(mpl.get_data_path()) for path in done.stdout.split())


@pytest.mark.parametrize("look", [{}, {"svg.fonttype": "none", "pdf.fonttype": 42}], ids=str)
def test_with_the_extra_chinese_is_written_without_a_word(look):
    saved = save(draw("忠诚、忠誠・ロイヤルティ", "zh").figure, **look)
    assert b"NotoSansSC" in saved["pdf"]


@pytest.mark.parametrize("look", [{}, {"svg.fonttype": "none", "pdf.fonttype": 42}], ids=str)
@pytest.mark.usefixtures("no_chinese_font")
def test_without_it_one_warning_says_what_to_run(look):
    with pytest.warns(MissingFontWarning, match=COMMAND) as caught:
        figure = draw("忠诚", "zh").figure
    save(figure, **look)
    (warning,) = caught
    assert warning.filename == __file__, "it points at who asked for the picture"
    assert "忠" in str(warning.message) or "满" in str(warning.message)


@pytest.mark.usefixtures("no_chinese_font")
def test_a_font_of_the_system_is_as_good(monkeypatch):
    found = FontEntry(fname=str(_fonts._BOXES), name="SimHei")
    monkeypatch.setattr(fontManager, "ttflist", [*fontManager.ttflist, found])
    save(draw("忠诚", "zh").figure)


@pytest.mark.parametrize("label", SCRIPTS.values(), ids=SCRIPTS)
def test_what_the_extra_does_not_cure_is_not_said_to_be(label):
    with pytest.warns(MissingFontWarning, match="install a font that has it and name") as caught:
        ax = draw(label)
    save(ax.figure)
    assert len(caught) == 1
    assert "zh" not in str(caught[0].message)


def test_a_font_that_the_user_names_is_used_before_all_others():
    with mpl.rc_context({"font.family": ["serif"]}):
        text = draw().texts[0]
        assert text.get_fontfamily() == _fonts.families()
        assert _fonts.families()[0] == "serif"


def test_a_font_that_is_not_there_is_passed_over(caplog):
    with mpl.rc_context({"font.family": ["No Such Font"]}):
        save(draw("Réclamations − 忠诚").figure)
    assert "No Such Font" in caplog.text  # matplotlib says so itself


@pytest.mark.usefixtures("no_chinese_font")
def test_each_figure_has_its_own_warning_and_no_second_one():
    for _ in range(2):
        with pytest.warns(MissingFontWarning):
            ax = draw("忠诚")
        draw("满意", ax=ax)


def test_fonts_are_added_once_and_no_setting_is_changed():
    before = dict(mpl.rcParams)
    for _ in range(3):
        _fonts.families()
    names = [font.name for font in fontManager.ttflist]
    assert names.count("Noto Sans SC") == names.count("loyaltymodel boxes") == 1
    assert dict(mpl.rcParams) == before


def test_the_package_of_the_font_is_not_imported():
    _fonts.families()
    assert _fonts._PACKAGE not in sys.modules


def test_the_font_of_boxes_is_what_its_script_makes(tmp_path):
    script = Path(__file__).parents[2] / "scripts" / "make_box_font.py"
    made = tmp_path / "boxes.ttf"
    subprocess.run([sys.executable, script, made], check=True)
    assert made.read_bytes() == _fonts._BOXES.read_bytes()


def test_nothing_is_said_of_letters_that_are_there():
    _fonts.warn_of_boxes(plt.figure(), "", "plain", "é − → ≥ ŵ ولاء", "两\n行")
