"""The catalogue of lists: every entry has a name, words and a source, and agrees with the code."""

import importlib
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from loyaltymodel import delivered_value, evidence
from loyaltymodel._core.catalogue import FIRST, chinese_of, lists, rows_of
from loyaltymodel.errors import OptionError
from loyaltymodel.loyalty_stage import Stages

ROOT = Path(__file__).parents[2]
LISTS = list(lists())
# Teaching text and line, or authors and year for what no teaching text has.
SOURCE = re.compile(r"\d{3}:\d+(-\d+)?(, \d{3}:\d+(-\d+)?)*|[A-Z].* \d{4}")
# No Chinese term is known, and none is made up.
WITHOUT_CHINESE = {
    "components_perval": {"emotional", "social", "quality", "price"},
    "segments_jones_sasser": {"defector", "loyalist"},
    "types_ultimate_loyalty": {"no superiority"},
}
CHECKLISTS = ("strategies", "measures", "principles", "levers")


def known_concepts():
    return set((ROOT / "tests/reference/concepts.txt").read_text("utf-8").split())


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_has_a_name_words_and_a_source(name):
    rows = rows_of(name)
    assert rows
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    for row in rows:
        assert tuple(row)[: len(FIRST)] == FIRST
        assert all(isinstance(row[word], str) for word in FIRST)
        assert row["id"].strip()
        assert row["english"].strip()
        assert SOURCE.fullmatch(row["sources"]), row["sources"]
        assert row.keys() == rows[0].keys()
        for value in row.values():
            texts = value if isinstance(value, tuple) else (value,)
            assert all(text == text.strip() for text in texts if isinstance(text, str))
            # What is joined by semicolons in a cell can be told apart again.
            assert not isinstance(value, tuple) or all("; " not in text for text in value)
    assert {row["id"] for row in rows if not row["chinese"]} == WITHOUT_CHINESE.get(name, set())


@pytest.mark.parametrize("name", LISTS)
def test_every_list_says_where_it_belongs(name):
    entry = lists()[name]
    assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
    assert entry.title
    assert entry.concepts
    assert set(entry.concepts) <= known_concepts()
    assert SOURCE.fullmatch(entry.sources)
    assert entry.status in ("checked", "recalled", "unknown")
    assert (entry.status == "unknown") == (entry.reference == "")
    assert entry.origin in ("text", "literature", "assigned", "read from figure")
    assert entry.origin == "text" or entry.note or entry.origin == "literature"


def test_concepts_of_entries_exist():
    named = {c for name in LISTS for row in rows_of(name) for c in row.get("concepts", ())}
    assert named
    assert named <= known_concepts()


def test_the_table_of_lists_has_them_all():
    table = evidence.catalogue()
    assert table["list"].tolist() == LISTS == sorted(LISTS)
    assert table["rows"].tolist() == [len(evidence.catalogue(name)) for name in LISTS]
    assert table.set_index("list").loc["garvin", "concepts"] == "QUA-02"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_a_table_made_afresh(name):
    table = evidence.catalogue(name)
    assert table.columns[:4].tolist() == list(FIRST)
    assert not table.isna().any(axis=None)
    table.loc[0, "id"] = "changed"
    assert evidence.catalogue(name).loc[0, "id"] != "changed"


def test_an_entry_may_have_a_source_of_its_own():
    sources = evidence.catalogue("constraint_sources").set_index("id")["sources"]
    assert sources["legal"] == "001:18"
    assert sources["loyalty_programme"] == "Jones & Sasser 1995"
    assert chinese_of("segments_jones_sasser").keys() == {
        "terrorist", "hostage", "mercenary", "apostle",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gavin", "there is no list 'gavin' .did you mean 'garvin'"),
        ("LOY-14", "LOY-14 has 'loyalty_levels', 'strategies'"),
        ("", f"has the {len(LISTS)} names"),
        (3, "name"),
    ],
)
def test_what_is_no_list_is_refused(name, message):
    with pytest.raises(OptionError, match=message):
        evidence.catalogue(name)


def test_advice_names_entries_of_the_lists_that_it_rests_on():
    means = {f"{row['english']} ({row['chinese']})" for row in rows_of("measures")}
    given = [
        measure
        for name in LISTS
        if name.startswith(("segments_", "types_"))
        for row in rows_of(name)
        for measure in row["measures"]
    ]
    assert set(given) == means


@pytest.mark.parametrize("name", CHECKLISTS)
def test_phases_and_checklists_agree_on_what_suits_what(name):
    by_phase = {row["id"]: row[name] for row in rows_of("phases")}
    by_entry = {row["english"]: row["phases"] for row in rows_of(name)}
    assert all(by_phase.values())
    pairs = {(phase, entry) for phase, entries in by_phase.items() for entry in entries}
    assert pairs == {(phase, entry) for entry, phases in by_entry.items() for phase in phases}


def test_levels_are_paired_with_strategies_as_printed():
    levels, strategies = (evidence.catalogue(name) for name in ("loyalty_levels", "strategies"))
    assert levels["strategy"].tolist() == strategies["english"].tolist()


def test_traits_name_functions_of_the_library():
    for row in rows_of("value_traits"):
        assert row["functions"]
        assert set(row["functions"]) <= set(delivered_value.__all__)


def test_links_join_constructs_of_the_chain():
    constructs = {row["id"]: row["chinese"] for row in rows_of("service_profit_constructs")}
    for row in rows_of("service_profit_links"):
        ends = row["source"], row["target"]
        assert row["id"] == " -> ".join(ends)
        assert row["chinese"] == "→".join(constructs[end] for end in ends)


def test_no_two_files_have_a_list_of_one_name():
    folder = files("loyaltymodel") / "evidence" / "lists"
    headings = [
        heading
        for file in folder.iterdir()
        for heading in re.findall(r"^\[(\w+)\]$", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(headings) == LISTS


def test_nothing_is_read_before_it_is_asked_for():
    code = """
import importlib, loyaltymodel
for name in dir(loyaltymodel):
    getattr(loyaltymodel, name)
from loyaltymodel._core.catalogue import lists
print(lists.cache_info().currsize)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "0"


def test_lists_that_are_named_anywhere_exist():
    named = set()
    for folder, pattern in (("docs", "*.md"), ("src", "*.py"), ("notebooks", "*.ipynb")):
        for path in (ROOT / folder).rglob(pattern):
            text = path.read_text(encoding="utf-8")
            named |= set(
                re.findall(r"(?:catalogue|rows_of|frame_of|chinese_of)\(\\?\"(\w+)\\?\"", text)
            )
    assert "garvin" in named
    assert named <= set(LISTS)


def test_what_code_computes_with_is_what_the_lists_have():
    components = importlib.import_module("loyaltymodel.delivered_value.components")
    of_kotler = evidence.catalogue("components_delivered_value").groupby("side")["id"].agg(tuple)
    assert of_kotler.to_dict() == {"value": components.VALUES, "cost": components.COSTS}
    links = importlib.import_module("loyaltymodel.chain.service_profit.links")
    table = evidence.catalogue("service_profit_links")
    assert [*zip(table["source"], table["target"], strict=True)] == list(links.LINKS)
    assert [row["id"] for row in rows_of("service_profit_constructs")] == list(links.CONSTRUCTS)
    for name in ("formation", "life_cycle"):
        stages, listed = getattr(Stages, name)(), evidence.catalogue(f"{name}_stages")
        assert (stages.names, stages.chinese) == (tuple(listed["id"]), tuple(listed["chinese"]))
