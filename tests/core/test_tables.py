"""One way to print: text that lines up, HTML that is escaped, LaTeX, and numbers."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from wcwidth import wcswidth

from loyaltymodel._core.tables import Summary, Table, number, p_text, records, table_of
from loyaltymodel.errors import OptionError

ODD = "<b>satisfaction</b> & \"co\" 'x'"


class Reader(HTMLParser):
    """Reads the text in each element as a browser would show it, and the elements there are."""

    def __init__(self):
        super().__init__()
        self.elements = []
        self.texts = []

    def handle_starttag(self, tag, attrs):
        assert attrs is not None
        self.elements.append(tag)
        self.texts.append((tag, ""))

    def handle_data(self, data):
        if self.texts:
            tag, text = self.texts[-1]
            self.texts[-1] = (tag, text + data)


def read_html(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def texts_in(text, *tags):
    return [content.strip() for tag, content in read_html(text).texts if tag in tags]


@pytest.fixture
def table():
    return Table(
        title="Paths",
        columns=("source", "target", "coefficient"),
        rows=(("image", "expectation", "0.505"), ("value", "loyalty", "-12.000")),
        n_labels=2,
    )


@pytest.fixture
def odd():
    return Table(title=ODD, columns=("<i>item</i>", "weight"), rows=((ODD, "1.0"), ("&amp;", "-")))


@pytest.fixture
def summary(table):
    return Summary(
        title="Structural model",
        facts=(("model", "2 constructs"), ("respondents", "250")),
        tables=(table,),
        remarks=("One thing.", "Another thing."),
    )


# Text


def test_text_has_title_names_and_rows_in_order(table):
    words = [line.split() for line in table.to_text().splitlines() if not set(line) <= {"-", " "}]
    assert words == [
        ["Paths"],
        ["source", "target", "coefficient"],
        ["image", "expectation", "0.505"],
        ["value", "loyalty", "-12.000"],
    ]


def test_labels_stand_to_the_left_and_numbers_to_the_right(table):
    first, second = (line for line in table.to_text().splitlines() if "." in line)
    assert first.index("image") == second.index("value") == 0
    assert first.index("expectation") == second.index("loyalty")
    assert len(first) == len(second)


def test_text_has_no_blanks_at_the_end_of_a_line(table):
    assert all(line == line.rstrip() for line in table.to_text().splitlines())


def test_text_is_not_escaped(odd):
    assert ODD in odd.to_text()


def test_summary_text_has_every_part_in_order(summary, table):
    assert summary.to_text().split("\n\n") == [
        "Structural model",
        "model        2 constructs\nrespondents  250",
        table.to_text(),
        "- One thing.\n- Another thing.",
    ]


def test_summary_prints_its_text(summary, capsys):
    print(summary)  # noqa: T201
    assert capsys.readouterr().out == summary.to_text() + "\n"


def test_summary_leaves_out_parts_that_are_empty():
    assert Summary("Title", (), (), ()).to_text() == "Title"


def test_text_is_the_same_each_time(summary):
    assert summary.to_text() == summary.to_text()
    assert summary.to_html() == summary.to_html()


# HTML


def test_html_shows_every_cell(table):
    assert texts_in(table.to_html(), "th", "td") == [
        *table.columns,
        *(cell for row in table.rows for cell in row),
    ]
    assert texts_in(table.to_html(), "caption") == ["Paths"]
    # A notebook would put cells to the right that say nothing of it.
    assert "<td>" not in table.to_html()
    assert "<th>" not in table.to_html()


def test_html_of_odd_names_shows_them_and_adds_no_element(odd):
    assert texts_in(odd.to_html(), "th", "td") == [
        "<i>item</i>",
        "weight",
        ODD,
        "1.0",
        "&amp;",
        "-",
    ]
    assert texts_in(odd.to_html(), "caption") == [ODD]
    assert {"b", "i"}.isdisjoint(read_html(odd.to_html()).elements)


def test_html_of_a_summary_escapes_every_part(odd):
    summary = Summary(ODD, (("<i>fact</i>", ODD),), (odd,), (ODD,))
    text = summary.to_html()
    assert {"b", "i", "script"}.isdisjoint(read_html(text).elements)
    assert "<b>" not in text
    assert texts_in(text, "h3") == [ODD]
    assert texts_in(text, "li") == [ODD]
    assert texts_in(text, "th", "td")[:2] == ["<i>fact</i>", ODD]


def test_html_of_a_script_is_not_run():
    name = "<script>alert(1)</script>"
    text = Summary("t", (("a", name),), (Table("t", ("n",), ((name,),)),), (name,)).to_html()
    assert "<script" not in text


def test_notebook_shows_the_html(summary):
    assert summary._repr_html_() == summary.to_html()


def test_html_without_remarks_has_no_list(table):
    assert "<ul>" not in Summary("t", (), (table,)).to_html()


# LaTeX


def test_latex_has_three_lines(table):
    text = table.to_latex()
    for line in (r"\begin{tabular}", r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"):
        assert line in text


def test_latex_escapes_what_latex_reads_as_a_sign():
    text = Table("t", ("rho_a", "n & m"), (("a_b", "5%"), ("x #1", "-"))).to_latex()
    for escaped in (r"rho\_a", r"n \& m", r"a\_b", r"5\%", r"x \#1"):
        assert escaped in text


def test_latex_of_a_summary_has_every_table(table):
    other = Table("Other", ("name", "value"), (("zebra", "1"),))
    text = Summary("t", (), (table, other)).to_latex()
    assert text.count(r"\toprule") == 2
    assert text.index("expectation") < text.index("zebra")


# Tables of frames, numbers


def test_table_of_a_frame_keeps_labels_and_rounds_numbers():
    frame = pd.DataFrame({"construct": ["a", "b"], "n": [1, 2], "index": [72.4512, float("nan")]})
    made = table_of("Title", frame, digits=[0, 1])
    assert made == Table(
        "Title", ("construct", "n", "index"), (("a", "1", "72.5"), ("b", "2", "-"))
    )


def test_table_of_a_frame_has_three_digits_unless_told_otherwise():
    frame = pd.DataFrame({"a": ["x"], "b": ["y"], "c": [0.12345]})
    assert table_of("t", frame, n_labels=2).rows == (("x", "y", "0.123"),)


def test_table_of_a_frame_without_rows():
    assert table_of("t", pd.DataFrame({"a": [], "b": []})).rows == ()


def test_table_of_a_frame_needs_digits_for_every_column_of_numbers():
    frame = pd.DataFrame({"a": ["x"], "b": [1.0], "c": [2.0]})
    with pytest.raises(ValueError, match="zip"):
        table_of("t", frame, digits=[1])


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.12345, 3, "0.123"),
        (1, 3, "1.000"),
        (-1.5, 1, "-1.5"),
        (72.4512, 1, "72.5"),
        (12345.678, 0, "12346"),
        (123456.789, 0, "123457"),
        (99999.5, 1, "99999.5"),
        (-1051443.351, 3, "-1,051,443"),
        (0.0, 3, "0.000"),
        (-0.0, 3, "0.000"),
        (-0.0004, 3, "0.000"),
        (-0.0006, 3, "-0.001"),
        (-0.4, 0, "0"),
        (float("nan"), 3, "-"),
        (float("inf"), 3, "inf"),
        (float("-inf"), 3, "-inf"),
    ],
)
def test_number(value, digits, text):
    assert number(value, digits) == text


def test_a_wide_table_stands_closer_and_wraps_its_longest_names():
    names, numbers = ("segment", "what to do"), tuple(f"number_{k}" for k in range(6))
    long = "learn why they leave, and win new customers (获取新的客户)"
    rows = (("mercenary", long, *["0.1"] * 6), ("apostle", "", *["-12.5"] * 6))
    text = str(Table("Advice", names + numbers, rows, 2))
    lines = text.splitlines()
    assert len(lines) == 3 + 3
    assert {wcswidth(line) for line in lines[1:3]} == {100}
    assert max(map(wcswidth, lines)) == 100
    assert "".join(text.split()).count("获取新的客户") == 1
    # What fits is not touched.
    assert "  number_0    number_1" in str(Table("Advice", names + numbers, rows[1:], 2))


def test_a_p_value_too_small_for_its_places_is_below_what_they_show():
    shown = [p_text(p) for p in (0.0, 1e-9, 0.0005, 0.04, float("nan"))]
    assert shown == ["0.000", "<0.001", "0.001", "0.040", "-"]
    assert p_text(2e-5, 4) == "<0.0001"
    frame = pd.DataFrame({"term": ["a"], "std_error": [1e-9], "p_value": [1e-9]})
    assert table_of("t", frame).rows == (("a", "0.000", "<0.001"),)


def test_number_has_three_digits_unless_told_otherwise():
    assert number(2 / 3) == "0.667"


@pytest.mark.parametrize("change", ["title", "rows", "new"])
def test_tables_cannot_be_changed(table, summary, change):
    for frozen in (table, summary):
        with pytest.raises((AttributeError, TypeError)):
            setattr(frozen, change, ())


def test_latex_is_one_tabular_whose_columns_are_parted():
    text = Table("t", ("name", "value"), (("a", "1"),)).to_latex()
    assert text.count(r"\begin{tabular}{lr}") == 1
    assert text.count(r"\begin{tabular}") == 1
    assert re.search(r"a\s*&\s*1\s*\\\\", text)
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]


def test_latex_escapes_its_own_signs():
    text = Table("t", ("a_b", "50%"), (("$x^2$ & {y}~\\", "1"),)).to_latex()
    assert r"\$x\^{}2\$ \& \{y\}\textasciitilde{}\textbackslash{}" in text
    assert r"a\_b" in text
    assert r"50\%" in text


def test_labels_may_be_called_as_columns():
    names = ["source", "B"]
    frame = pd.DataFrame([[1, 2], [3, 4]], pd.Index(names, name="source"), names)
    assert records(frame) == [
        {"source (label)": "source", "source": 1, "B": 2},
        {"source (label)": "B", "source": 3, "B": 4},
    ]


OBEYED = "a\x1b[31m\nb\x00\u202ec\ud800"
SEEN = r"a\x1b[31m\nb\x00\u202ec\ud800"


@pytest.mark.parametrize("show", ["to_text", "to_html", "to_latex"])
def test_nothing_that_a_terminal_would_obey_is_printed(show):
    table = Table(OBEYED, (OBEYED, "n"), ((OBEYED, "1"), ("b", "2")))
    summary = Summary(OBEYED, ((OBEYED, OBEYED),), (table,), (OBEYED,))
    for text, times in (
        (getattr(table, show)(), 3 if show != "to_latex" else 2),
        (getattr(summary, show)(), 7 if show != "to_latex" else 2),
    ):
        assert not set("\x1b\x00\u202e\ud800").intersection(text)
        seen = SEEN.replace("\\", r"\textbackslash{}") if show == "to_latex" else SEEN
        assert text.count(seen) == times


def test_a_table_too_wide_for_a_terminal_prints_no_more_of_it():
    text = Table("t", ("name", "n"), ((f"{OBEYED} " + "word " * 30, "1"),)).to_text()
    assert r"a\x1b[31m\nb\x00" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("cells", [None, 3, "ab", ["1"], ["1", 2], {"1", "2"}, [["a"], "b"], dict])
def test_cells_are_one_text_a_row(cells):
    table = Table("t", ("name", "n"), (("a", "1"), ("b", "2")))
    with pytest.raises(OptionError, match=r"cells|give one a row|must be text"):
        table.with_column("more", cells)
    assert table.with_column("more", ["x", ""]).rows == (("a", "1", "x"), ("b", "2", ""))


@pytest.mark.parametrize(
    "change",
    [
        {"title": None}, {"columns": "ab"}, {"columns": ("a", 2)}, {"rows": 3}, {"rows": ("ab",)},
        {"rows": (("a",),)}, {"rows": (("a", 1),)}, {"n_labels": -1}, {"n_labels": "1"},
    ],
    ids=repr,
)  # fmt: skip
def test_tables_of_other_things_are_refused_before_they_are_printed(change):
    whole = {"title": "t", "columns": ("name", "n"), "rows": (("a", "1"),)}
    assert "name" in str(Table(**whole))
    with pytest.raises(OptionError, match=next(iter(change)).rstrip("s")):
        Table(**whole | change)


@pytest.mark.parametrize(
    "change",
    [
        {"title": 3}, {"facts": "ab"}, {"facts": (("a",),)}, {"facts": (("a", 1),)},
        {"tables": ("t",)}, {"tables": None}, {"remarks": "ab"}, {"remarks": (1,)},
    ],
    ids=repr,
)  # fmt: skip
def test_summaries_of_other_things_are_refused_before_they_are_printed(change):
    with pytest.raises(OptionError, match=next(iter(change))):
        Summary(**{"title": "t", "facts": (), "tables": ()} | change)
