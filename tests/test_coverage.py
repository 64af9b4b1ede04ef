"""The page on coverage: every concept once, and nothing claimed that is not there."""

import re
from collections import Counter
from pathlib import Path

import pytest

from loyaltymodel import evidence, glossary
from test_docs import ROLE, anchors, resolves, written

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "project" / "coverage.md"
ENTRIES = [entry for area in written().coverage() for entry in area["entries"]]
IDS = (ROOT / "tests/reference/concepts.txt").read_text("utf-8").split()
LINK = re.compile(r"\]\(([^)#]*)#?([^)]*)\)")


def test_every_concept_is_there_once_in_the_order_of_the_list():
    assert len(IDS) == len(set(IDS)) == 152
    assert [entry["id"] for entry in ENTRIES] == IDS
    assert f"It has {len(IDS)} entries" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])
def test_what_an_entry_says_is_there(entry):
    assert set(entry) <= {"id", "concept", "state", "note", "where", "lost"}
    assert all(value == value.strip() != "" and "|" not in value for value in entry.values())
    assert entry["state"] in written().STATES
    where = entry.get("where", "")
    if entry["state"] == "computed":
        assert "(#" in where or re.search(r"\{(func|class|meth|attr)\}", where)
    elif entry["state"] == "context":
        assert entry["note"]
    else:
        assert bool(where or entry.get("note")) == (entry["state"] != "planned")
    text = f"{entry.get('note', '')} {where}"
    assert not [path for path in ROLE.findall(text) if not resolves(path)]
    for term in re.findall(r"\{term\}`([^`]*)`", text):
        assert glossary.term(term).english == term
        # A word of the glossary says which concepts it belongs to.
        assert entry["id"] in glossary.term(term).concepts
    for path, anchor in LINK.findall(text):
        page = (PAGE.parent / path).resolve() if path else PAGE
        assert page.exists(), path
        assert not anchor or anchor in anchors(page.read_text("utf-8")), (path, anchor)
    for number in re.findall(r"\bB\d\d\b", text):
        assert entry["id"] in {f.concept for f in evidence.get(number)}, number


def test_words_and_lists_belong_to_concepts_of_the_list():
    words = {c for row in glossary.terms()["concepts"] for c in row.split("; ") if c}
    assert words <= set(IDS)
    assert set(evidence.table()["concept"]) <= set(IDS)


def test_what_is_lost_is_marked():
    lost = {entry["id"] for entry in ENTRIES if "lost" in entry}
    # What the teaching texts point to and do not have: a decision about any of these is one about
    # what may be invented, so it is made here as well.
    assert lost == {
        "ACS-01", "CRM-05", "CRM-12", "CXM-01", "CXM-02", "ECO-09", "EXP-02", "LOY-03", "LOY-13",
        "LOY-16", "LOY-24", "QUA-05", "REL-16", "VAL-01",
    }  # fmt: skip
    assert written().coverage_entries().count("lost in the source: ") == len(lost)


def test_the_page_shows_all_of_it():
    page = written().coverage_entries()
    assert re.findall(r"^\| ([A-Z]{3}-\d\d) \|", page, re.M) == IDS
    counts = list(map(int, re.findall(r"\| (\d+) \|", written().coverage_counts())))
    states = Counter(entry["state"] for entry in ENTRIES)
    assert counts == [*(states[state] for state in written().STATES), 152]
    text = PAGE.read_text("utf-8")
    assert "{{ counts }}" in text
    assert "{{ entries }}" in text
