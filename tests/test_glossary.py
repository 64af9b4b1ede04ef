"""The glossary: its file, what it hands out, and the page that is made of it."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import loyaltymodel
from loyaltymodel import glossary
from loyaltymodel.errors import OptionError
from loyaltymodel.glossary.lookup import _folded, entries, names_of
from test_docs import resolves, written

ROOT = Path(__file__).parents[1]
FILE = Path(loyaltymodel.__path__[0]) / "glossary" / "terms.toml"
HAN = re.compile("[\u3400-\u9fff]")


def raw():
    sections = tomllib.loads(FILE.read_text(encoding="utf-8"))["sections"]
    return [found for section in sections for found in section["terms"]]


def test_every_name_leads_to_its_entry_and_to_no_other():
    times = Counter(name for entry in entries() for name in set(map(_folded, names_of(entry))))
    assert not [name for name, count in times.items() if count > 1]
    for entry in entries():
        for name in names_of(entry):
            assert glossary.term(name) == entry
            assert glossary.term(f"  {name.upper()} ") == entry


def test_entries_are_whole():
    assert len(entries()) > 190
    for found in raw():
        assert set(found) <= {"english", "chinese", "text", "see", "concepts"}, found["english"]
        assert not any(HAN.search(name) for name in found["english"])
        assert all(HAN.search(name) for name in found.get("chinese", []))
    for entry in entries():
        assert entry.definition.endswith("."), entry.english
        assert not re.search(r"[`{}$\\]", entry.definition), entry.definition
        for name in entry.see:
            assert resolves(f"loyaltymodel.{name}"), (entry.english, name)
        assert all(re.fullmatch(r"[A-Z]{3}-\d\d", concept) for concept in entry.concepts)


def test_the_table_has_every_entry_and_is_the_callers_own():
    table = glossary.terms()
    assert table["english"].tolist() == [entry.english for entry in entries()]
    row = table.set_index("english").loc["terrorist"]
    assert (row["chinese"], row["variants"]) == ("破坏者", "saboteur")
    table.loc[:, "english"] = ""
    assert glossary.terms()["english"].iloc[0] == entries()[0].english


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("nps", "net promoter score"),
        ("ＮＰＳ", "net promoter score"),
        ("csat", "CSAT"),
        ("CES", "CES"),
        ("top-two box", "top box"),
        ("Top Two Box", "top box"),
        ("客户让渡价值", "customer delivered value"),
        ("顾客满意", "customer satisfaction"),
        ("客户满意指数", "customer satisfaction index"),
        ("Cronbach’s alpha", "Cronbach's alpha"),
    ],
)
def test_words_are_found_as_people_write_them(asked, english):
    assert glossary.term(asked).english == english


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("顾客价值", "'total customer value'"),
        ("net promotor score", "'net promoter score'"),
        ("loyalty", "'customer loyalty'"),
        ("apostles", "'apostle'"),
    ],
)
def test_what_is_not_there_is_refused_with_what_may_be_meant(asked, hint):
    with pytest.raises(OptionError, match="the glossary has no word") as refused:
        glossary.term(asked)
    assert hint in str(refused.value)


@pytest.mark.parametrize("asked", ["", " ", "xyzzy", "\x1b"])
def test_nonsense_is_refused_without_a_hint(asked):
    with pytest.raises(OptionError, match=r"has no word .*; glossary\.terms\(\) has all"):
        glossary.term(asked)


def test_the_page_has_every_entry_once_and_its_references_lead_somewhere():
    page = written().glossary_terms()
    names = {name for found in raw() for name in [*found["english"], *found.get("chinese", [])]}
    lines = page.splitlines()
    for name in names:
        assert lines.count(name) == 1, name
    joined = " ".join(page.split())
    for shown, target in re.findall(r"\{term\}`([^`<]*?)(?: <([^`]*)>)?`", joined):
        assert (target or shown) in names, shown
    for target in re.findall(r"\]\(([^)#]*)[^)]*\)", page):
        assert (ROOT / "docs" / "reference" / target).exists(), target
    for role in re.findall(r"\{py:obj\}`[^<`]*<([^>]*)>`", page):
        assert resolves(role), role
    assert "{{ terms }}" in (ROOT / "docs" / "reference" / "glossary.md").read_text("utf-8")
