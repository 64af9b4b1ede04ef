"""The page of results: whole by itself, the same every time, each number led to its formula."""

import datetime
import errno
import inspect
import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import loyaltymodel as lm
from loyaltymodel import report
from loyaltymodel.errors import OptionError
from loyaltymodel.report import docstrings
from loyaltymodel.report.makers import makers_of, makers_of_table
from loyaltymodel.report.sources import property_of
from loyaltymodel.results import Result, Summary, Table, WithCustomers

import rooms

VOID = {"meta", "link", "br", "hr", "img", "input", "use", "path"}
NASTY = '<script>alert("x")</script>'


class Page(HTMLParser):
    """A page read: what is open when something else ends is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.links, self.numbers = [], Counter(), [], [], []
        self.texts = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags[tag] += 1
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.links += [v for name, v in attrs.items() if name in {"href", "src", "xlink:href"}]
        if tag == "td" and attrs.get("class") == "n":
            self.numbers.append(["", None])
        if tag == "a" and self.open and self.open[-1] == "td":
            self.numbers[-1][1] = attrs["href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        self.texts.append(data)
        if "td" in self.open[-2:] and self.numbers:
            self.numbers[-1][0] += data

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


def purchases():
    bought = pd.DataFrame(
        {
            "customer": ["a", "a", "b"],
            "date": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-02"]),
            "brand": ["A", "B", "A"],
            "amount": [10.0, 5.0, 20.0],
        }
    )
    window = ("2024-01-01", "2024-01-11")
    return lm.customer_base.purchase_behaviour(data=bought, window=window)


def zones(*names):
    people = ["Ann", "Bob", "Cem", NASTY]
    frame = pd.DataFrame({n: [4.0, 5, 7, 9] for n in names or ("service",)}, index=people)
    same = frame * 0
    return lm.expectation_gap.zone_of_tolerance(frame, same + 8, adequate=same + 5)


def survival():
    return lm.economics.survival([1, 1, 1, 2, 2], [1, 1, 0, 1, 0], counts=[1, 1, 1, 1, 6])


def structural():
    model = lm.structural.ecsi(lm.datasets.mobile_phone_items())
    return lm.structural.fit(model, lm.datasets.mobile_phone_moments(), scale=(1, 10))


MAKERS = {"purchases": purchases, "zones": zones, "survival": survival, "structural": structural}


@pytest.fixture(scope="module")
def made():
    """One result of a few rooms each, and its page without pictures."""
    results = {name: make() for name, make in MAKERS.items()}
    return {
        name: (result, report.render(result, pictures=False)) for name, result in results.items()
    }


# The page is whole


@pytest.mark.parametrize("name", MAKERS)
def test_it_is_well_formed_and_each_link_leads_somewhere(made, name):
    page = Page(made[name][1])
    assert max(Counter(page.ids).values()) == 1
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)
    assert not any(re.search(r"\s", name) for name in page.ids)
    outside = [link for link in page.links if not link.startswith("#")]
    assert all(link.startswith(("https://", "http://")) for link in outside)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "@import" not in made[name][1]
    assert "url(" not in made[name][1]


@pytest.mark.parametrize("name", MAKERS)
def test_each_number_of_each_table_leads_to_what_explains_it(made, name):
    result, text = made[name]
    page = Page(text)
    shown = [cell for cell, _ in page.numbers]
    result = result.result if isinstance(result, WithCustomers) else result
    cells = [
        cell
        for table in result.summary().tables
        for row in table.rows
        for cell in row[table.n_labels :]
        if re.search(r"\d|inf", cell)
    ]
    assert [cell for cell in shown if cell != "-"] == cells
    assert all(link.startswith("#f1") for cell, link in page.numbers if cell != "-")


def test_a_number_leads_to_its_own_column_row_and_formula(made):
    page = made["zones"][1]
    low = re.search(r'href="#([^"]*)" tabindex="-1">0.046<', page)[1]
    assert re.search(rf'id="{low}">ci_low</code>.*Ends of the intervals', page, re.DOTALL)
    inside = re.search(r'<th scope="row"><a href="#([^"]*)" tabindex="-1">above', page)[1]
    assert f'<q id="{inside}">above</q>' in page or f'<code id="{inside}">above</code>' in page
    formulas = page[page.index('id="formulas"') :]
    assert "expectation_gap.zone_of_tolerance" in formulas
    assert re.search(r'<li id="f1-m0-r1" value="1">[A-Z]', formulas)
    assert 'href="#f1-m0-r1">[1]</a>' in formulas


def test_formulas_stand_as_they_are_written(made):
    assert "S(t) = product over u &lt;= t of (1 - d(u) / Y(u))," in made["survival"][1]


def test_what_is_shown_is_what_the_summary_says(made):
    for given, text in made.values():
        result = given.result if isinstance(given, WithCustomers) else given
        page, summary = Page(text).text, result.summary()
        for said in [
            summary.title,
            *(" ".join(value.split()) for _, value in summary.facts),
            *(table.title for table in summary.tables),
            *(" ".join(remark.split()) for remark in summary.remarks),
        ]:
            assert said in page
        assert result.version in page
    assert "scale" in Page(made["structural"][1]).text


def test_sizes_stay_small(made):
    for _, text in made.values():
        assert len(text.encode()) < 60_000


# Same results, same bytes


def test_the_same_results_give_the_same_bytes(tmp_path):
    given = {"first": zones(), "second": purchases()}
    paths = [report.write(given, tmp_path / name) for name in ("a.html", "b.html")]
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b"<svg" in first
    again = {"first": zones(), "second": purchases()}
    with mpl.rc_context({"svg.hashsalt": "other", "svg.fonttype": "none"}):
        assert report.render(again).encode() == first
    assert first.decode() == report.render(again)


# Pictures


def test_pictures_are_drawn_inside_and_leave_nothing_open():
    before, figures = dict(mpl.rcParams), plt.get_fignums()
    text = report.render([zones("<i>"), zones("other")])
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == figures
    page = Page(text)
    assert page.tags["svg"] == 2
    assert max(Counter(page.ids).values()) == 1
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(page.ids)
    assert 'role="img" aria-label="The zone of tolerance' in text
    assert "<text" not in text
    assert "<!--" not in text
    assert len(text) < 120_000


def test_pictures_can_be_left_out(monkeypatch):
    monkeypatch.setattr(Figure, "savefig", None)
    assert "<svg" not in report.render(zones(), pictures=False)


def test_pictures_that_need_more_are_left_out_and_refused_ones_say_why(monkeypatch):
    def refuse(*_, **__):
        raise OptionError("there is nothing <to> draw")

    refuse.__signature__ = inspect.signature(lm.plots.structural.path_diagram)
    refuse.__doc__ = lm.plots.structural.path_diagram.__doc__
    monkeypatch.setattr(lm.plots.structural, "path_diagram", refuse)
    monkeypatch.setattr(lm.plots.structural, "loadings", refuse)
    text = report.render(structural())
    assert "<svg" not in text
    assert "plots.structural.path_diagram</code>. there is nothing &lt;to&gt; draw" in text
    assert "importance_performance_map" not in text


def test_pictures_speak_the_language_of_the_page():
    english, chinese = (report.render(zones(), language=language) for language in ("en", "zh"))
    assert '<html lang="zh-CN">' in chinese
    assert "公式与来源" in chinese
    assert "公式与来源" not in english
    drawn = [re.search(r"<svg.*</svg>", text, re.DOTALL)[0] for text in (english, chinese)]
    assert drawn[0] != drawn[1]


# Names of the user


class Own(Result):
    """A result of somebody else."""

    __slots__ = ()
    rests_on_data = False

    def _title(self):
        return "Own"

    def summary(self):
        table = Table(
            "Numbers", ("name", "estimate", "a|b é"), (("half \ud800 of a letter", "1.5", "2"),)
        )
        return Summary("Own", (("fact", "1"),), (table,))


def test_names_cannot_become_part_of_the_page():
    result = zones(NASTY, "turned\x1b\u202e")
    given = {NASTY: result, "b": Own()}
    text = report.render(given, title=NASTY, date=NASTY, pictures=False)
    page = Page(text)
    assert "script" not in page.tags
    assert NASTY in page.text
    assert not set("\ud800\x1b\u202e").intersection(text)
    assert r"turned\x1b\u202e" in text
    assert r"half \ud800 of a letter" in text
    text.encode()


def test_customers_are_written_only_when_asked():
    given = zones()
    assert "Cem" not in report.render(given, pictures=False)
    page = Page(report.render(given, pictures=False, customers=True))
    assert all(name in page.text for name in ("Ann", "Bob", "Cem", NASTY))
    assert all(link for cell, link in page.numbers if cell != "-")
    # A result alone has none.
    assert "Cem" not in report.render(given.result, pictures=False, customers=True)


# Tables, and what a result says in sentences


def what_if(change=5.0):
    money = lm.chain.CustomerEconomics(
        margin=100, per="year", discount=0.25, timing="now", customers=1000, horizon=None
    )
    return lm.chain.scenario(
        *("quality", "satisfaction"),
        change=change,
        impact=1,
        retention=0.75,
        retention_slope=0.01,
        economics=money,
        observed_per="year",
        cost=20_000,
        draws={"impact": np.random.default_rng(1).normal(1, 0.1, 200)},
    )


def test_a_table_is_explained_by_what_makes_it():
    plans = {"five": what_if(), "four": what_if(4.0)}
    order = lm.chain.fix_first(plans, per="point", n_resamples=200, rng=1)
    text = report.render({"Which first?": order, "again": order}, pictures=False)
    page = Page(text)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert all(link for _, link in page.numbers)
    assert "<code>chain.fix_first</code>" in text
    assert text.count('id="f1"') == 1
    assert "Mogstad" in page.text  # its source
    # Large numbers and whole ones have no decimals.
    assert page.numbers[0][0] == f"{order['estimate'][0]:.0f}"
    assert [page.numbers[k][0] for k in (4, 5, 6)] == ["1", "1", "1"]


def test_a_table_has_the_pictures_that_are_drawn_of_it():
    plans = {"five": what_if(), "four": what_if(4.0)}
    order = lm.chain.fix_first(plans, per="point", n_resamples=200, rng=1)
    text = report.render(order)
    assert text.count("<svg") == 1
    assert "plots.chain.driver_ranking" in text
    assert report.render(order) == text


def test_each_table_of_scenarios_is_known_by_its_columns():
    found = lm.chain.what_if(what_if(), n_resamples=200, rng=1)
    for frame, maker in (
        (lm.chain.required_change(what_if(), n_resamples=200, rng=1), "chain.required_change"),
        (found.variance_shares(n_resamples=200, rng=1), "WhatIf.variance_shares"),
    ):
        assert [name for name, _ in makers_of_table(frame)] == [maker]


def test_a_table_of_nobody_stands_as_it_is():
    frame = pd.DataFrame({"shape": ["a", NASTY], "size": [1.5, np.nan], "n": [3, 4]})
    text = report.render(frame)
    page = Page(text)
    assert page.links == []
    assert [number for number, _ in page.numbers] == ["1.500", "3", "-", "4"]
    assert "Table" in text
    assert "formulas" not in page.ids
    assert NASTY not in text
    assert makers_of_table(pd.DataFrame({"estimate": [1.0], "std_error": [0.5]})) == ()  # of many
    named = report.render({"By group": frame.set_index("shape")})
    assert "<h1>By group</h1>" in named
    assert Page(named).numbers == page.numbers


def test_a_result_that_reads_itself_is_read_in_the_language_of_the_page():
    found = lm.chain.what_if(what_if(), n_resamples=200, rng=1)
    text = Page(report.render(found, pictures=False)).text
    for remark in found.summary().remarks:
        assert text.count(remark) == 1  # in the reading
    chinese = report.render(found, language="zh", pictures=False)
    for paragraph in found.reading(language="zh").split("\n\n"):
        assert f"<p>{paragraph}</p>".replace('"', "&#34;") in chinese


# Several results, and those of others


def test_several_results_have_contents_and_one_section_a_class():
    text = report.render({"north": zones(), "south": zones(), "shop": purchases()}, pictures=False)
    page = Page(text)
    assert text.count("<nav") == 1
    assert [name for name in page.ids if re.fullmatch(r"[rf]\d", name)] == [
        *("r1", "r2", "r3", "f1", "f2")
    ]
    assert text.index(">north<") < text.index(">south<") < text.index(">shop<")
    assert "<nav" not in report.render([zones()], pictures=False)


def test_results_of_others_have_a_page_too():
    text = report.render(Own())
    page = Page(text)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert "A result of somebody else." in text


def test_every_class_of_results_has_a_maker():
    kinds = [
        thing
        for name, module in rooms.modules(pictures=False).items()
        if name.endswith(".results")
        for thing in vars(module).values()
        if rooms.is_result(thing)
    ]
    assert len(kinds) > 60
    assert not [kind.__name__ for kind in kinds if not makers_of(kind)]
    # Pictures and makers are found by names of classes.
    assert max(Counter(kind.__name__ for kind in set(kinds)).values()) == 1


def test_a_printed_table_is_known_by_its_columns_then_by_its_title():
    errors = ["estimate", "std_error"]
    frames = {
        "weights": ["construct", "item", *errors],
        "r_squared": ["construct", *errors],
        "paths": ["source", "target", *errors],
        "total_effects": ["source", "target", *errors],
    }

    def known(title, *columns):
        return property_of(Table(title, columns, ()), frames)

    assert known("Explained variance", "construct", *errors) == "r_squared"
    assert known("Paths", "source", "target", *errors) == "paths"
    assert known("Total effects", "source", "target", "estimate") == "total_effects"
    assert known("Something else", "shape", "size (cm)", "colour") is None


def test_heading_and_date_are_as_given(made):
    result = made["purchases"][0]
    text = report.render(result, title="", date=datetime.date(2026, 6, 1), pictures=False)
    assert "<h1></h1>" in text
    assert ">2026-06-01<" in text
    assert ">early June<" in report.render(result, date="early June", pictures=False)


# Files


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, made, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    assert report.write(made["purchases"][0], str(path), pictures=False) == path
    assert path.read_text(encoding="utf-8") == made["purchases"][1]

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        report.write(made["zones"][0], path, pictures=False)
    assert path.read_text(encoding="utf-8") == made["purchases"][1]
    assert os.listdir(tmp_path) == ["report.html"]


REFUSED = {
    "a folder": (lambda t: t, r"is a folder; name a file in it, such as '.*report.html'"),
    "no path": (lambda _: "", "is a folder; name a file in it"),
    "a folder that is not there": (lambda t: t / "x" / "r.html", r"mkdir\(parents=True\)"),
    "no path at all": (lambda _: 3, "path=3 "),
}


@pytest.mark.parametrize(("path", "message"), REFUSED.values(), ids=REFUSED)
def test_paths_that_can_be_no_file_are_refused(tmp_path, made, path, message):
    with pytest.raises(OptionError, match=message):
        report.write(made["purchases"][0], path(tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "result=3 is not a result; give what a function"),
        ("text", "result='text' is not a result"),
        ([], "result is empty"),
        ({}, "result is empty"),
        ([np.arange(3)], r"result\[0\]=an ndarray of shape \(3,\) is not a result"),
        ({"north": None}, r"result\['north'\]=None is not a result"),
        (Own, "is not a result"),
        (WithCustomers(3, None), r"result\[0\]=.* is not a result"),
        ([WithCustomers(pd.DataFrame({"a": [1]}), None)], r"result\[0\]=.* is not a result"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path, given, message):
    with pytest.raises(OptionError, match=message):
        report.write(given, tmp_path / "r.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [{"language": "fr"}, {"pictures": "yes"}, {"title": 3}, {"date": 3.5}], ids=str
)
def test_options_of_other_kinds_are_refused(made, options):
    with pytest.raises(OptionError, match=next(iter(options))):
        report.render(made["purchases"][0], **options)


# Docstrings


def sample():
    """Return a thing.

    It is ``x`` or "y", see :func:`~loyaltymodel.structural.fit` [1]_.

    Parameters
    ----------
    a, b : float
        Two numbers.

        And more.
    c : {"d", "e"}
        A choice.

    Notes
    -----
    - first, which
      goes on
    - second

        z = 2 * x_1

    See https://example.org/a. **Bold**.

    References
    ----------
    .. [1] Somebody (2000).
       A title.
    """


def test_docstrings_are_taken_apart():
    parts = docstrings.sections(sample)
    assert list(parts) == ["", "Parameters", "Notes", "References"]
    a, c = docstrings.entries(parts["Parameters"])
    assert (a.names, a.kind, a.text) == (("a", "b"), "float", "Two numbers.\n\nAnd more.")
    assert (c.names, c.text) == (("c",), "A choice.")
    listed, formula, last = docstrings.blocks(parts["Notes"])
    assert [docstrings.Piece("text", t) for t in ("first, which goes on", "second")] == [
        item[0] for item in listed.items
    ]
    assert (formula.kind, formula.items[0][0].text) == ("lines", "    z = 2 * x_1")
    assert [(p.kind, p.text) for p in last.items[0]] == [
        ("text", "See "),
        ("link", "https://example.org/a"),
        ("text", ". "),
        ("strong", "Bold"),
        ("text", "."),
    ]
    first, second = docstrings.blocks(parts[""])
    assert docstrings.named([first, second]) == {"x", "y"}
    assert ("name", "fit") in [(p.kind, p.text) for p in second.items[0]]
    assert docstrings.references(parts["References"]) == [
        ("1", (docstrings.Piece("text", "Somebody (2000). A title."),))
    ]
