"""Codebooks: what they refuse, what they find in a table, and what they take from it."""

import copy
import datetime
import json
import pickle
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.structural import StructuralModel, fit
from loyaltymodel.survey import Codebook, Item, Scale
from timing import quickest

from tolerances import EXACT


def scale(lowest=1, highest=10, **fields):
    return Scale(lowest=lowest, highest=highest, **fields)


def book_of(*items, **scales):
    """Make a codebook of items written 'name scale'; scale 'ten' is there if it is used."""
    pairs = [item.split() for item in items]
    if any(name == "ten" for _, name in pairs):
        scales = {"ten": scale(dont_know=[98, 99]), **scales}
    return Codebook(
        title="测试", scales=scales, items=[Item(name=item, scale=name) for item, name in pairs]
    )


@pytest.fixture
def book():
    """Two constructs, three scales, text in two languages."""
    return Codebook(
        title="餐厅调查",
        source="invented",
        scales={
            "ten": scale(labels={1: "很不满意", 10: "very satisfied"}, dont_know=[99, 98]),
            "trouble": scale(0, 4, direction="down"),
            "share": scale(0, 1, step=None),
        },
        items=[
            Item(name="s1", scale="ten", text="总体满意吗？", construct="满意"),
            Item(name="c1", scale="trouble", text="How often was there trouble?", construct="抱怨"),
            Item(name="s2", scale="ten", construct="满意"),
            Item(name="w1", scale="share"),
        ],
    )


@pytest.fixture
def guests():
    """A table that fits the codebook, with two codes, a gap and two columns besides."""
    return pd.DataFrame(
        {
            "company": pd.Categorical(["a", "b", "a"]),
            "s1": [10, 99, 1],
            "c1": [0, 1, 4],
            "s2": [5.0, np.nan, 98.0],
            "w1": [0.25, 0.5, 1.0],
            "age": [31, 25, 48],
        },
        index=["Ann", "Bo", "Cy"],
    )


# Refusals of specifications

SCALES_REFUSED = {
    "no highest": ({"highest": ...}, "Scale: highest is missing"),
    "limit as text": ({"lowest": "1"}, "lowest .*a number.*given: '1'"),
    "limit that is a flag": ({"lowest": True}, "lowest .*a number.*given: True"),
    "limit that is NumPy's flag": ({"lowest": np.False_}, "lowest .*a number"),
    "limit that is NaN": ({"lowest": np.nan}, "lowest .*finite number"),
    "limit that is infinite": ({"highest": np.inf}, "highest .*finite number"),
    "limits the wrong way round": (
        {"lowest": 10, "highest": 1},
        "from 10 to 1 has no answers.*direction='down'",
    ),
    "limits that are equal": ({"lowest": 10}, "from 10 to 10 has no answers"),
    "step of nothing": ({"step": 0}, "step=0 must be above 0, or None"),
    "step backwards": ({"step": -1}, "step=-1 must be above 0"),
    "step that is infinite": ({"step": np.inf}, "step .*finite number"),
    "step past the end": ({"step": 2}, "steps of 2 from 1 do not meet 10.*step=None"),
    "step of a broken scale": ({"highest": 9.5}, "steps of 1 from 1 do not meet 9.5"),
    "label off the scale": ({"labels": {0: "none"}}, r"labels name 0 \('none'\), no answer"),
    "label between steps": ({"labels": {1.5: "x"}}, r"labels name 1.5 \('x'\), no answer"),
    "label of a code": (
        {"labels": {99: "不知道"}, "dont_know": [99]},
        r"labels name 99 \('不知道'\).*belong in dont_know",
    ),
    "label that is empty": ({"labels": {1: " "}}, "label of 1 is empty"),
    "label that is a number": ({"labels": {1: 3}}, r"labels\.1 .*text.*given: 3"),
    "label of no number": ({"labels": {"bad": "x"}}, r"labels\.bad.*a number"),
    "label of a flag": ({"labels": {True: "x"}}, r"labels\..*a number"),
    "labels in a list": ({"labels": ["x"]}, "labels.*a mapping"),
    "answer labelled twice": ({"labels": {"1": "x", 1: "y"}}, "labels name the answer 1 twice"),
    "code that is an answer": ({"dont_know": [99, 5]}, "dont_know has 5, .*1 to 10 contains"),
    "code at the limit": ({"dont_know": [10]}, "dont_know has 10"),
    "code between the steps": ({"dont_know": [5.5]}, "dont_know has 5.5"),
    "code twice": ({"dont_know": [99, 98, 99]}, "dont_know has 99 twice"),
    "code that is NaN": ({"dont_know": [np.nan]}, r"dont_know\.0 .*finite number"),
    "code as text": ({"dont_know": ["99"]}, r"dont_know\.0 .*a number"),
    "codes as a number": ({"dont_know": 99}, "dont_know.*a list.*given: 99"),
    "unknown direction": ({"direction": "left"}, "'up' or 'down'.*given: 'left'"),
    "unknown field": ({"midpoint": 5}, "midpoint is none of its fields"),
}


@pytest.mark.parametrize("case", SCALES_REFUSED)
def test_scales_that_are_refused(case):
    fields, message = SCALES_REFUSED[case]
    fields = {"lowest": 1, "highest": 10, **fields}
    with pytest.raises(ModelError, match=message):
        Scale(**{name: value for name, value in fields.items() if value is not ...})


ITEMS_REFUSED = {
    "no scale": ({"scale": ...}, "Item: scale is missing"),
    "empty name": ({"name": " "}, "an item needs a name"),
    "name that is a number": ({"name": 1}, "Item: name .*given: 1"),
    "empty name of the scale": ({"scale": ""}, "'q1' has a scale whose name is empty"),
    "scale itself": ({"scale": scale()}, "Item: scale must be text"),
    "empty construct": ({"construct": " "}, "'q1' has a construct whose name is empty; leave"),
    "text that is a number": ({"text": 3}, "Item: text .*given: 3"),
    "unknown field": ({"label": "x"}, "label is none of its fields"),
}


@pytest.mark.parametrize("case", ITEMS_REFUSED)
def test_items_that_are_refused(case):
    fields, message = ITEMS_REFUSED[case]
    fields = {"name": "q1", "scale": "ten", **fields}
    with pytest.raises(ModelError, match=message):
        Item(**{name: value for name, value in fields.items() if value is not ...})


Q1 = Item(name="q1", scale="ten")
CODEBOOKS_REFUSED = {
    "no title": ({"title": ...}, "Codebook: title is missing"),
    "empty title": ({"title": " "}, "title that is not empty"),
    "no items": ({"items": []}, "at least one item"),
    "item twice": ({"items": [Q1, Q1]}, "items named more than once: q1$"),
    "scale that is not there": (
        {"items": [Q1, Item(name="q2", scale="tem")]},
        r"'q2' has 'tem' \(did you mean 'ten'\?\); its scales are ten",
    ),
    "scale without a name": ({"scales": {"ten": scale(), "": scale()}}, "scale needs a name"),
    "scale that nobody uses": (
        {"scales": {"ten": scale(), "five": scale()}},
        "no item uses the scale 'five'; give it to the item",
    ),
    "scale with a hole": (
        {"scales": {"ten": {"lowest": 1}}},
        "scale 'ten': Scale: highest is missing",
    ),
    "scale that is wrong": (
        {"scales": {"ten": {"lowest": 1, "highest": 1}}},
        "scale 'ten': a scale from 1 to 1",
    ),
    "scale that is none": ({"scales": {"ten": 10}}, "scale 'ten'.*a mapping"),
    "scale named by a number": ({"scales": {10: scale()}}, "scales.*text"),
    "scales in a list": ({"scales": [scale()]}, "scales.*a mapping"),
    "item with a hole": ({"items": [Q1, {"name": "q2"}]}, "item number 2: Item: scale is missing"),
    "item that is wrong": (
        {"items": [{"name": "", "scale": "ten"}]},
        "item number 1: an item needs a name",
    ),
    "item that is none": ({"items": ["q1"]}, "item number 1.*a mapping"),
    "items as text": ({"items": "q1"}, "items .*given: 'q1'"),
    "unknown field": ({"year": 2020}, "year is none of its fields"),
}


@pytest.mark.parametrize("case", CODEBOOKS_REFUSED)
def test_codebooks_that_are_refused(case):
    fields, message = CODEBOOKS_REFUSED[case]
    fields = {"title": "t", "scales": {"ten": scale()}, "items": [Q1], **fields}
    with pytest.raises(ModelError, match=message):
        Codebook(**{name: value for name, value in fields.items() if value is not ...})


def test_a_changed_copy_is_checked_too(book):
    with pytest.raises(ModelError, match="at least one item"):
        book.model_copy(update={"items": []})
    assert book.model_copy(update={"title": "other"}).items == book.items


# What a codebook says


def test_scales_that_claim_the_same_are_equal():
    one = scale(labels={10: "b", 1: "a"}, dont_know=[99, 98], step=1)
    two = scale(1.0, np.int64(10), labels={"1": "a", "10": "b"}, dont_know=(98, 99))
    assert one == two
    assert hash(one) == hash(two)
    assert one.to_json() == two.to_json()
    assert one.pair == (1.0, 10.0)
    assert one != scale(labels={10: "b", 1: "a"}, dont_know=[99, 98], step=None)


def test_constructs_and_limits(book):
    assert book.names == ("s1", "c1", "s2", "w1")
    assert book.constructs == {"满意": ("s1", "s2"), "抱怨": ("c1",)}
    assert book.limits == {"s1": (1, 10), "c1": (0, 4), "s2": (1, 10), "w1": (0, 1)}
    book.constructs.clear()
    book.limits.clear()
    assert book.constructs
    assert book.limits


def test_nothing_in_a_codebook_can_be_changed(book):
    with pytest.raises(ModelError, match="a Codebook is frozen"):
        book.title = "other"
    with pytest.raises(TypeError):
        book.scales["ten"] = scale()
    with pytest.raises(TypeError):
        book.scales["ten"].labels[1] = "other"


@pytest.mark.parametrize("indent", [None, 2])
def test_json_both_ways(book, indent):
    text = book.to_json(indent=indent)
    again = Codebook.from_json(text)
    assert again == book
    assert hash(again) == hash(book)
    assert again.to_json(indent=indent) == text
    assert "总体满意吗？" in text
    for part in (*book.items, *book.scales.values()):
        assert type(part).from_json(part.to_json()) == part


@pytest.mark.parametrize("indent", [-1, 10**12, 0.5, "2"])
def test_an_indent_that_makes_no_text_is_refused(book, indent):
    with pytest.raises(OptionError, match="indent"):
        book.to_json(indent=indent)


def test_json_is_what_a_person_would_write(book):
    content = json.loads(book.to_json())
    assert list(content) == ["title", "source", "scales", "items"]
    assert content["scales"]["ten"] == {
        "lowest": 1,
        "highest": 10,
        "labels": {"1": "很不满意", "10": "very satisfied"},
        "dont_know": [98, 99],
        "direction": "up",
        "step": 1,
    }
    assert '"lowest": 1,' in book.to_json()
    by_hand = """{"title": "t", "scales": {"five": {"lowest": 1, "highest": 5}},
                  "items": [{"name": "q1", "scale": "five"}]}"""
    assert Codebook.from_json(by_hand).limits == {"q1": (1, 5)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Codebook: the text cannot be read as JSON: line 1, column 2, at its end"),
        ("[]", "Codebook.*a mapping"),
        (
            '{"title": "t", "scales": {"a": {"lowest": 1, "highest": "5"}}, "items": []}',
            "scale 'a': Scale: highest .*given: '5'",
        ),
        (
            '{"title": "t", "scales": {"a": {"lowest": 1, "highest": NaN}}, "items": []}',
            "scale 'a': Scale: highest .*finite",
        ),
    ],
)
def test_json_that_is_refused(text, message):
    with pytest.raises(ModelError, match=message):
        Codebook.from_json(text)


def test_json_has_a_schema(book):
    properties = Codebook.model_json_schema()["properties"]
    assert list(properties) == list(json.loads(book.to_json()))


def test_pickles_and_copies_are_equal(book):
    for again in (pickle.loads(pickle.dumps(book)), copy.copy(book), copy.deepcopy(book)):
        assert again == book
        assert again.items[0].construct == "满意"


# Every kind of problem, alone: the column "q1", the scale, and what is found

TEN = {"dont_know": [98, 99]}
FOUND = {
    "nothing": ([1, 10, 5], TEN, None),
    "nothing, flags from 0 to 1": ([True, False], {"lowest": 0, "highest": 1}, None),
    "nothing, steps of a tenth": (
        np.arange(0, 10.05, 0.1),
        {"lowest": 0, "highest": 10, "step": 0.1},
        None,
    ),
    "nothing, a tenth in single precision": (
        np.arange(1, 1000, dtype=np.float32) / np.float32(10),
        {"lowest": 0, "highest": 100, "step": 0.1},
        None,
    ),
    "nothing, any number": ([1.2345, 9.9], {"step": None}, None),
    "nothing, halves from minus one": ([-0.5, -1.0, 1], {"lowest": -1, "step": 0.5}, None),
    "one answer": ([7], TEN, None),
    "above": ([1, 12, 5, 13], TEN, ("off_scale", 2, 1, 12.0, "12 in row 1; correct the data")),
    "below": ([1, 5, -99], TEN, ("off_scale", 1, 2, -99.0, "1 of 3 answers off the scale 1 to 10")),
    "above, any number": ([1, 11], {"step": None}, ("off_scale", 1, 1, 11.0, "1 to 10, first 11")),
    "infinite": ([1, 5, np.inf], TEN, ("off_scale", 1, 2, np.inf, "first inf in row 2")),
    "infinitely low": ([-np.inf, 5, 2], TEN, ("off_scale", 1, 0, -np.inf, "first -inf")),
    "small integers": (
        np.array([1, -99], dtype=np.int8),
        {"dont_know": [999]},
        ("off_scale", 1, 1, -99.0, "-99 in row 1"),
    ),
    "half": ([1, 7.5, 5], TEN, ("between_steps", 1, 1, 7.5, "between the steps .* first 7.5")),
    "third of a step": (
        [0.5, 0.6, 0.0],
        {"lowest": 0, "highest": 1, "step": 0.5},
        ("between_steps", 1, 1, 0.6, "scale 0 to 1 by 0.5, first 0.6"),
    ),
    "code": ([99, 1, 98, 2], TEN, ("dont_know", 2, 0, 99.0, "clean makes them missing")),
    "gap": (
        [1, None, 2, None],
        TEN,
        ("missing", 2, 1, None, "2 of 4 answers missing, first in row 1$"),
    ),
    "no answer at all": ([np.nan, np.nan], TEN, ("missing", 2, 0, None, "2 of 2 answers missing")),
    "no answer and no type": ([None, None], TEN, ("missing", 2, 0, None, "2 of 2 answers missing")),
    "always the same": ([7, 7, 7], TEN, ("constant", 3, None, 7.0, "all 3 answers to 'q1' are 7")),
    "text": (
        ["good", None],
        TEN,
        ("not_numeric", 1, 0, "good", "1 of 2 .* is String.* first 'good' in row 0; recode"),
    ),
    "text that reads as numbers": (
        ["1", " 2", None],
        TEN,
        ("text_number", 2, 0, "1", "2 of 3 answers that are numbers as text.*clean reads them"),
    ),
    "categories": (
        pd.Categorical(["1", "2"]),
        TEN,
        ("text_number", 2, 0, "1", "numbers as text"),
    ),
    "dates": (
        [datetime.datetime(2020, 1, 1), None],
        TEN,
        ("not_numeric", 1, 0, "2020-01-01 00:00:00", "first '2020-01-01 00:00:00' in row 0"),
    ),
    "lists": ([[1], None, [2]], TEN, ("not_numeric", 2, 0, "[1]", r"first '\[1\]' in row 0")),
    "long text": (
        ["x" * 1000, "y"],
        TEN,
        ("not_numeric", 2, 0, "x" * 1000, r"first 'x+\.\.\.x+' in row 0"),
    ),
}
NOTICES = {"dont_know", "missing", "constant", "unknown", "text_number", "spelling", "turned"}
NOTICES |= {"suspected_code"}


@pytest.mark.parametrize("case", FOUND)
def test_each_problem_alone(case):
    answers, fields, expected = FOUND[case]
    book = book_of("q1 own", own=scale(**fields))
    problems = book.check(pd.DataFrame({"q1": answers}))
    if expected is None:
        assert problems == []
        return
    kind, count, first_row, example, sentence = expected
    # Where there are gaps besides, they are told after what was asked for.
    problem = problems[0]
    assert {p.kind for p in problems[1:]} <= {"missing"}
    assert (problem.item, problem.kind) == ("q1", kind)
    assert (problem.count, problem.first_row, problem.example) == (count, first_row, example)
    assert problem.severity == ("notice" if kind in NOTICES else "error")
    assert re.search(sentence, problem.sentence), problem.sentence


def test_columns_that_are_absent_twice_or_unknown():
    book = book_of("q1 ten", "q2 ten", "q3 ten")
    data = pd.DataFrame(
        [[1, 1, 2, 3, 4, 5, 6], [2, 1, 2, 3, 4, 5, 6]],
        columns=["q1", "q2", "q2", "q_3", "age", "note", "note"],
    )
    twice = "the table has 2 columns named 'q2'"
    assert [(p.item, p.kind, p.count, p.severity, p.sentence) for p in book.check(data)] == [
        ("q2", "duplicate", 2, "error", f"{twice}; rename or drop the copies"),
        ("q3", "absent", 0, "error", "the table has no column 'q3' (did you mean 'q_3'?)"),
        ("q_3", "unknown", 1, "notice", "column 'q_3' is not in the codebook (did you mean 'q3'?)"),
        ("age", "unknown", 1, "notice", "column 'age' is not in the codebook"),
        ("note", "unknown", 2, "notice", "2 columns 'note' are not in the codebook"),
    ]  # fmt: skip
    assert all(p.first_row is None and p.example is None for p in book.check(data))


def test_columns_whose_names_are_no_text():
    data = pd.DataFrame({0: [1, 2], ("a", 1): [1, 2], "q1": [1, 2]})
    problems = book_of("q1 ten").check(data)
    assert [(p.item, p.kind) for p in problems] == [("0", "unknown"), ("('a', 1)", "unknown")]


@pytest.mark.parametrize("empty", [pd.DataFrame({"q1": []}), pl.DataFrame({"q1": []})])
def test_a_table_without_rows(empty):
    (problem,) = book_of("q1 ten").check(empty)
    assert (problem.item, problem.kind, problem.count) == (None, "no_rows", 0)
    with pytest.raises(DataError, match="no rows"):
        book_of("q1 ten").clean(empty)


def test_a_table_without_anything():
    kinds = [p.kind for p in book_of("q1 ten", "q2 ten").check(pd.DataFrame())]
    assert kinds == ["no_rows", "absent", "absent"]


BAD = {
    "off": [1, 11, 12],
    "half": [1, 2, 2.5],
    "text": ["1", "2", "x"],
    "many": [1.5, 11, 99],
    "gap": [np.nan, 3, 4],
    "same": [4, 4, 98],
    "fine": [1, 2, 3],
    "other": ["a", "b", "c"],
}


def test_all_problems_at_once():
    names = ["off", "half", "text", "many", "gap", "absent", "same", "fine"]
    book = book_of(*(f"{name} ten" for name in names))
    data = pd.DataFrame(BAD, index=["Ann", "Bo", "Cy"])
    before = data.copy(deep=True)
    assert [(p.item, p.kind, p.first_row) for p in book.check(data)] == [
        ("off", "off_scale", "Bo"),
        ("half", "between_steps", "Cy"),
        ("text", "not_numeric", "Cy"),
        ("text", "text_number", "Ann"),
        ("many", "off_scale", "Bo"),
        ("many", "between_steps", "Ann"),
        ("many", "dont_know", "Cy"),
        ("gap", "missing", "Ann"),
        ("absent", "absent", None),
        ("same", "dont_know", "Cy"),
        ("same", "constant", None),
        ("other", "unknown", None),
    ]
    with pytest.raises(DataError) as caught:
        book.clean(data)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the table does not fit the codebook '测试':"
    assert [line.split(".")[0].strip() for line in lines[1:]] == list("123456")
    for line, item in zip(
        lines[1:], ["off", "half", "text", "many", "many", "absent"], strict=True
    ):
        assert f"'{item}'" in line
    pd.testing.assert_frame_equal(data, before)


def test_a_long_list_of_errors_is_cut():
    book = book_of(*(f"q{k} ten" for k in range(15)))
    with pytest.raises(DataError) as caught:
        book.clean(pd.DataFrame({"x": [1]}))
    lines = str(caught.value).splitlines()
    assert len(lines) == 14
    assert lines[-1] == "  and 3 more; check lists them all"


def test_only_the_items_asked_for():
    book = book_of("fine ten", "off ten", "text ten")
    data = pd.DataFrame(BAD)[["fine", "off", "text"]]
    assert book.check(data, ["fine"]) == []
    assert [p.item for p in book.check(data, items=["text", "off"])] == ["text", "text", "off"]
    assert list(book.clean(data, ["fine"])) == ["fine"]


@pytest.mark.parametrize("method", ["check", "clean", "points"])
@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("s1", r"items='s1' must be a list"),
        (["s1", "s1"], "items names s1 twice"),
        (["s1", "ss1"], r"items names 'ss1' \(did you mean 's1'\?\), not in the codebook; it has"),
    ],
)
def test_items_that_cannot_be_asked_for(book, guests, method, items, message):
    with pytest.raises(OptionError, match=message):
        getattr(book, method)(guests, items)


@pytest.mark.parametrize(
    ("keep", "error", "message"),
    [
        ("age", OptionError, "keep='age' must be a list"),
        (["age", "age"], OptionError, "keep names age twice"),
        (["s1"], OptionError, "keep names s1, taken as an item already"),
        (["Age"], DataError, r"1\. the table has no column 'Age' \(did you mean 'age'\?\)"),
    ],
)
def test_columns_that_cannot_be_kept(book, guests, keep, error, message):
    with pytest.raises(error, match=message):
        book.clean(guests, keep=keep)


def test_a_kept_column_must_be_there_once(book, guests):
    twice = pd.concat([guests, guests[["age"]]], axis=1)
    assert list(book.clean(twice)) == list(book.names)
    with pytest.raises(DataError, match="2 columns named 'age'"):
        book.clean(twice, keep=["age"])


NO_TABLES = [
    np.ones((2, 2)),
    [[1, 2]],
    {"s1": [1]},
    None,
    "survey.csv",
    pd.Series([1, 2], name="s1"),
    pl.LazyFrame({"s1": [1]}),
]


@pytest.mark.parametrize("data", NO_TABLES, ids=lambda data: type(data).__name__)
@pytest.mark.parametrize("method", ["check", "clean", "points"])
def test_data_that_are_no_table(book, data, method):
    with pytest.raises(DataError, match="pandas, polars or pyarrow table in memory is needed"):
        getattr(book, method)(data)


# Cleaning


def test_clean(book, guests):
    before = guests.copy(deep=True)
    clean = book.clean(guests)
    expected = pd.DataFrame(
        {
            "s1": [10.0, np.nan, 1.0],
            "c1": [4.0, 3.0, 0.0],
            "s2": [5.0, np.nan, np.nan],
            "w1": [0.25, 0.5, 1.0],
        },
        index=["Ann", "Bo", "Cy"],
    )
    pd.testing.assert_frame_equal(clean, expected)
    clean.iloc[:, :] = 0
    pd.testing.assert_frame_equal(guests, before)


def test_clean_is_at_peace_with_itself(book, guests):
    clean = book.clean(guests)
    pd.testing.assert_frame_equal(book.clean(clean), clean)
    assert {p.kind for p in book.check(clean)} == {"missing"}


def test_kept_columns_stay_as_they_are(book, guests):
    before = guests.copy(deep=True)
    clean = book.clean(guests, ["s2", "s1"], keep=["age", "company"])
    assert list(clean) == ["s2", "s1", "age", "company"]
    pd.testing.assert_frame_equal(clean[["age", "company"]], guests[["age", "company"]])
    clean.loc["Ann", "age"] = 0
    pd.testing.assert_frame_equal(guests, before)


def test_an_item_that_is_not_asked_for_can_be_kept(book, guests):
    clean = book.clean(guests, ["c1"], keep=["s1"])
    assert clean["s1"].tolist() == [10, 99, 1]


LABELS = {
    "repeated": pd.Index(["a", "a", "b"]),
    "two levels": pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["k", "l"]),
    "dates": pd.date_range("2020-01-01", periods=3, name="day"),
    "numbers": pd.Index([30, 10, 20]),
}


@pytest.mark.parametrize("case", LABELS)
def test_the_labels_of_the_rows_are_kept(book, guests, case):
    labelled = guests.set_axis(LABELS[case], axis=0)
    pd.testing.assert_index_equal(book.clean(labelled, keep=["age"]).index, LABELS[case])
    first = book.check(labelled)[0].first_row
    assert first == LABELS[case][1]
    assert not isinstance(first, np.generic)


def native(guests, kind):
    if kind == "polars":
        return pl.DataFrame(guests.to_dict("list"))
    if kind == "pyarrow":
        return pa.table(guests.to_dict("list"))
    return guests.convert_dtypes(dtype_backend=kind)


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "numpy_nullable"])
def test_other_tables(book, guests, kind):
    guests = guests.astype({"company": object}).reset_index(drop=True)
    table = native(guests, kind)
    assert [(p.item, p.kind, p.count, p.first_row) for p in book.check(table)] == [
        ("s1", "dont_know", 1, 1),
        ("c1", "turned", 3, None),
        ("s2", "dont_know", 1, 2),
        ("s2", "missing", 1, 1),
        ("company", "unknown", 1, None),
        ("age", "unknown", 1, None),
    ]
    clean = book.clean(table, keep=["company", "age"])
    expected = book.clean(guests, keep=["company", "age"])
    pd.testing.assert_frame_equal(clean, expected, check_dtype=False)
    assert (clean[list(book.names)].dtypes == np.float64).all()


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table, pd.DataFrame])
def test_columns_without_an_answer_are_missing(make):
    clean = book_of("q1 ten", "q2 ten").clean(make({"q1": [None, None], "q2": [1, 2]}))
    assert clean["q1"].isna().all()
    assert clean["q1"].dtype == np.float64


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "pyarrow"])
def test_text_in_other_tables(make):
    table = make({"q1": ["1", "x", None], "q2": [1, None, 12]})
    problems = book_of("q1 ten", "q2 ten").check(table)
    assert [(p.item, p.kind, p.count, p.first_row, p.example) for p in problems] == [
        ("q1", "not_numeric", 1, 1, "x"),
        ("q1", "text_number", 1, 0, "1"),
        ("q1", "missing", 1, 2, None),
        ("q2", "off_scale", 1, 2, 12.0),
        ("q2", "missing", 1, 1, None),
    ]


def test_repeated_names_in_a_pyarrow_table():
    arrays = [pa.array([1, 2]), pa.array([3, 4]), pa.array([5, 6])]
    table = pa.Table.from_arrays(arrays, names=["q1", "q2", "q2"])
    book = book_of("q1 ten", "q2 ten")
    assert [(p.item, p.kind, p.count) for p in book.check(table)] == [("q2", "duplicate", 2)]
    assert book.clean(table, ["q1"])["q1"].tolist() == [1, 2]


# Points


def test_points(book, guests):
    points = book.points(guests, keep=["age"])
    expected = pd.DataFrame(
        {
            "s1": [100.0, np.nan, 0.0],
            "c1": [100.0, 75.0, 0.0],
            "s2": [400 / 9, np.nan, np.nan],
            "w1": [25.0, 50.0, 100.0],
            "age": [31, 25, 48],
        },
        index=["Ann", "Bo", "Cy"],
    )
    pd.testing.assert_frame_equal(points, expected, rtol=EXACT)


def test_points_refuse_what_clean_refuses(book, guests):
    guests.loc["Ann", "s1"] = 11
    with pytest.raises(DataError, match="'s1' has 1 of 3 answers off the scale"):
        book.points(guests)


limits = st.tuples(
    st.floats(-1e6, 1e6, allow_subnormal=False), st.floats(1e-3, 1e6, allow_subnormal=False)
)


@given(limits, st.lists(st.floats(0, 1), min_size=1))
def test_points_are_from_0_to_100_and_turn_round(pair, shares):
    low, width = pair
    high = low + width
    answers = pd.DataFrame({"q1": np.clip(low + np.array(shares) * (high - low), low, high)})

    def points(direction):
        own = scale(low, high, step=None, direction=direction)
        return book_of("q1 own", own=own).points(answers)["q1"]

    up, down = points("up"), points("down")
    assert up.between(0, 100).all()
    assert down.between(0, 100).all()
    # Each is rounded on its own; a hundred points may be off by a few units in the last place.
    np.testing.assert_allclose(up + down, 100, rtol=1e-6)


@given(st.lists(st.sampled_from([1, 2, 5, 10, 11, 2.5, 98, 99, None]), min_size=1, max_size=30))
def test_every_answer_is_counted_once(answers):
    """Answers on the scale and those that check counts are all answers."""
    data = pd.DataFrame({"q1": pd.Series(answers, dtype=float)})
    counted = {p.kind: p.count for p in book_of("q1 ten").check(data) if p.kind != "constant"}
    assert counted.get("off_scale", 0) == answers.count(11)
    assert counted.get("between_steps", 0) == answers.count(2.5)
    assert counted.get("dont_know", 0) == answers.count(98) + answers.count(99)
    assert counted.get("missing", 0) == answers.count(None)
    assert sum(counted.values()) == sum(a not in (1, 2, 5, 10) for a in answers)


# Names whose letters are composed in two ways

COMPOSED, APART = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(("known", "named"), [(COMPOSED, APART), (APART, COMPOSED)])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_column_is_found_however_its_accent_is_written(known, named, library):
    book = Codebook(title="t", scales={"e\u0301": scale()}, items=[Item(name=known, scale="é")])
    table = library({named: [5, 99, 7]})
    assert [(p.item, p.kind) for p in book.check(table)] == [(known, "off_scale")]
    fits = library({named: [5, 10, 7]})
    assert book.check(fits) == []
    assert book.clean(fits).to_dict("list") == {known: [5, 10, 7]}
    assert list(book.points(fits, [named])) == [known]


def test_names_that_look_the_same_are_the_same():
    with pytest.raises(ModelError, match="items named more than once"):
        Codebook(
            title="t",
            scales={"ten": scale()},
            items=[Item(name=name, scale="ten") for name in (COMPOSED, APART)],
        )


def test_a_byte_order_mark_before_json_is_passed_over(book):
    assert Codebook.from_json("\ufeff" + book.to_json()) == book


def test_a_scale_named_twice_in_json_is_refused():
    five = '"five": {"lowest": 1, "highest": 5}'
    text = f'{{"title": "t", "scales": {{{five}, {five}}}, "items": []}}'
    with pytest.raises(ModelError, match="the JSON has five more than once"):
        Codebook.from_json(text)


def test_time_to_compare_grows_as_the_number_of_names():
    def long(n):
        book = Codebook(
            title="t",
            scales={"ten": scale()},
            items=[Item(name=f"q{k}", scale="ten", construct="c") for k in range(n)],
        )
        table = pd.DataFrame([range(n)], columns=[f"Q_{k}" for k in range(n)])

        def compare():
            assert len(book.check(table)) == 2 * n
            assert len(book.constructs["c"]) == n

        return quickest(compare)

    assert long(12_000) < 48 * max(long(1_000), 0.005)


ONE = Codebook(
    title="t", scales={"ten": scale(dont_know=[99])}, items=[Item(name="q", scale="ten")]
)
FOUR = [4, 99, None, 10]


@pytest.mark.parametrize(
    "make",
    [
        lambda v: pd.Series(v, dtype=object),
        lambda v: pd.Series([None if x is None else Decimal(x) for x in v]),
        lambda v: pd.Series([None if x is None else Fraction(x) for x in v]),
        lambda v: pd.Series(v, dtype="Int64"),
        lambda v: pd.Series(v, dtype="category"),
        lambda v: pd.Series(pd.arrays.SparseArray(pd.Series(v, dtype=float))),
        lambda v: pd.Series(np.array([np.nan if x is None else x for x in v], ">f8")),
        lambda v: pd.Series([pd.NA if x is None else x for x in v], dtype=object),
    ],
)
def test_numbers_of_every_kind_are_answers(make):
    table = pd.DataFrame({"q": make(FOUR)})
    np.testing.assert_array_equal(ONE.clean(table)["q"], [4, np.nan, np.nan, 10])


@pytest.mark.parametrize(
    "answer", [Decimal("sNaN"), 10**400, True, 1 + 2j, [1], "many", "inf", datetime.date.today()]
)
def test_what_is_no_number_is_told_with_its_row(answer):
    answers = pd.Series([4, answer, 5], dtype=object)
    (problem,) = ONE.check(pd.DataFrame({"q": answers}))
    assert (problem.kind, problem.count, problem.first_row) == ("not_numeric", 1, 1)


def test_steps_that_no_computer_tells_apart_are_refused():
    with pytest.raises(ModelError, match="too small for a scale from 1 to 10"):
        scale(step=1e-200)


# Languages, labels, codes of items, and items that are reversed

ANSWERS = {
    1: {"en": "Poor", "zh": "差"},
    2: {"en": "Fair", "zh": "一般"},
    3: {"en": "Good", "zh": "好"},
}
SPOKEN = Codebook(
    title={"en": "Guests", "zh": "顾客"},
    scales={
        "three": Scale(lowest=1, highest=3, labels=ANSWERS, dont_know={9: {"en": "Don't know"}}),
        "grade": Scale(lowest=1, highest=6, direction="down", dont_know=[9]),
    },
    items=[
        Item(name="kind", scale="three", text={"en": "Kind staff?", "zh": "友好吗？"}),
        Item(name="rude", scale="three", reversed=True, dont_know={8: "Not asked"}),
        Item(name="mark", scale="grade"),
        Item(name="worse", scale="grade", reversed=True),
    ],
)


def test_texts_come_in_every_language():
    item = SPOKEN.items[0]
    assert (item.wording(), item.wording("zh")) == ("Kind staff?", "友好吗？")
    with pytest.raises(OptionError, match=r"'kind' has no text in 'de'; there is en"):
        item.wording("de")
    assert SPOKEN.scales["three"].label(3, language="zh") == "好"
    assert SPOKEN.scales["three"].label(9) == "Don't know"
    assert SPOKEN.languages == ("en",)  # the code has no Chinese label
    assert Codebook.from_json(SPOKEN.to_json()) == SPOKEN
    assert hash(Codebook.from_json(SPOKEN.to_json())) == hash(SPOKEN)


def test_answers_are_decoded_and_turned_by_hand():
    raw = pd.DataFrame(
        {
            "kind": ["Good", " good", "差", "don't know", "２", None],
            "rude": ["Good", 8, "Not asked", 1, "1", 9],
            "mark": [1, 6, 2, 9, 3, None],
            "worse": [1, 6, 2, 9, 3, None],
        }
    )
    clean = SPOKEN.clean(raw)
    nan = np.nan
    assert SPOKEN.turned == ("rude", "mark")
    np.testing.assert_array_equal(clean["kind"], [3, 3, 1, nan, 2, nan])
    np.testing.assert_array_equal(clean["rude"], [1, nan, nan, 3, 3, nan])  # 1 + 3 - x
    np.testing.assert_array_equal(clean["mark"], [6, 1, 5, nan, 4, nan])  # 1 + 6 - x
    np.testing.assert_array_equal(clean["worse"], raw["worse"].replace(9, nan))  # turned twice
    np.testing.assert_array_equal(SPOKEN.points(raw)["mark"], [100, 0, 80, nan, 60, nan])
    found = {(p.item, p.kind): (p.count, p.first_row) for p in SPOKEN.check(raw)}
    assert found["kind", "spelling"] == (2, 1)
    assert found["kind", "text_number"] == (1, 4)
    assert ("rude", "turned") in found
    assert ("worse", "turned") not in found


def test_a_label_of_two_answers_is_an_error_that_says_so():
    scale = Scale(lowest=1, highest=3, labels={1: "so so", 2: "So So", 3: "good"})
    book = Codebook(title="t", scales={"s": scale}, items=[Item(name="q", scale="s")])
    assert book.clean(pd.DataFrame({"q": ["so so", "So So"]}))["q"].tolist() == [1, 2]
    (problem,) = book.check(pd.DataFrame({"q": ["good", "SO SO"]}))
    assert (problem.kind, problem.first_row) == ("not_numeric", 1)
    assert "since it is the label of 1, 2;" in problem.sentence


@pytest.mark.parametrize("text", ["1_0", "1e0", "nan", "inf", "7,5", "seven", "1 0"])
def test_what_only_looks_like_a_number_is_none(text):
    (problem,) = book_of("q ten").check(pd.DataFrame({"q": [text]}))
    assert problem.kind == "not_numeric"


def test_all_places_of_all_problems():
    raw = pd.DataFrame(
        {"kind": ["Good", "Godo", "Godo"], "rude": [1, 7, 2], "age": [30, 40, 50]},
        index=["Ann", "Bo", "Cy"],
    )
    rows = SPOKEN.problem_rows(raw, ["kind", "rude"])
    assert rows.to_numpy().tolist() == [
        ["Bo", "kind", "not_numeric", "Godo", "error"],
        ["Bo", "rude", "off_scale", 7.0, "error"],
        ["Cy", "kind", "not_numeric", "Godo", "error"],
    ]
    (first, *_) = SPOKEN.check(raw, ["kind"])
    assert "(did you mean 'Good'?)" in first.sentence
    none = SPOKEN.problem_rows(pd.DataFrame({"kind": ["Good"]}), ["kind"])
    assert list(none) == list(rows)
    assert none.empty


def test_codes_far_from_all_answers_are_named():
    answers = [1, 2, 3, 4, 5, 6, 7, 7, 99, 99, 99]
    book = Codebook(
        title="t",
        scales={"seven": scale(1, 7), "many": scale(0, 100)},
        items=[Item(name="q1", scale="seven"), Item(name="q2", scale="many")],
    )
    off, suspected = book.check(pd.DataFrame({"q1": answers, "q2": answers}))
    assert off.kind == "off_scale"
    assert "3 answers of 99, and the next highest is 7" in off.sentence
    assert (suspected.kind, suspected.severity, suspected.count) == ("suspected_code", "notice", 3)


def test_a_table_is_not_read_twice():
    raw = pd.DataFrame({"rude": [1, 2, 8], "mark": [1, 2, 9], "age": [1, 2, 3]})
    once = SPOKEN.clean(raw, ["rude"], keep="all")
    assert list(once) == list(raw)
    assert once["mark"].tolist() == [1, 2, 9]
    both = SPOKEN.clean(once, ["rude", "mark"], keep=["age"])
    np.testing.assert_array_equal(both["rude"], [3, 2, np.nan])
    np.testing.assert_array_equal(both["mark"], [6, 5, np.nan])
    pd.testing.assert_frame_equal(SPOKEN.clean(both, ["rude", "mark"], keep=["age"]), both)
    other = SPOKEN.model_copy(update={"title": "other"})
    with pytest.raises(DataError, match="was read by the codebook Guests"):
        other.clean(both, ["rude"])
    assert not SPOKEN.points(raw, ["rude"]).attrs


@pytest.mark.parametrize("kind", [Codebook, Item, Scale])
def test_the_names_shown_are_its_own(kind):
    shown = dir(kind)
    assert set(kind.model_fields) | {"to_json", "from_json"} <= set(shown)
    assert not [n for n in shown if n.startswith(("model_", "_")) and n != "model_copy"]


def test_an_item_without_what_is_new_is_read_from_older_json():
    old = '{"name": "q", "scale": "ten", "text": "How?", "construct": null}'
    assert Item.from_json(old) == Item(name="q", scale="ten", text="How?")


MORE_REFUSED = {
    "code of an item on its scale": ({"dont_know": [3]}, "dont_know has 3, .*1 to 10 contains"),
    "code of an item twice": ({"dont_know": [77, 77]}, "dont_know has 77 twice"),
    "code that its scale has": ({"dont_know": [99]}, "dont_know has 99, which its scale has too"),
    "reversed as a number": ({"reversed": 1}, "reversed must be true or false"),
    "no language": ({"text": {"English": "How?"}}, "'English' is no language"),
    "no text": ({"text": {"en": 3}}, "the text in 'en' is 3"),
    "no language at all": ({"text": {}}, "at least one language"),
}


@pytest.mark.parametrize("case", MORE_REFUSED)
def test_more_items_that_are_refused(case):
    fields, message = MORE_REFUSED[case]
    with pytest.raises(ModelError, match=message):
        Codebook(
            title="t",
            scales={"ten": scale(dont_know=[99])},
            items=[{"name": "q", "scale": "ten", **fields}],
        )


@given(st.sampled_from([(1, 5), (0, 10), (-3, 3)]), st.booleans(), st.booleans(), st.data())
def test_an_answer_is_turned_when_one_of_two_holds(pair, down, against, data):
    low, high = pair
    answers = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=9))
    book = Codebook(
        title="t",
        scales={"s": scale(low, high, direction="down" if down else "up")},
        items=[Item(name="q", scale="s", reversed=against)],
    )
    clean = book.clean(pd.DataFrame({"q": answers}))["q"].tolist()
    assert clean == [low + high - x if down != against else x for x in answers]


def test_one_scale_for_items_on_two_gives_a_wrong_index_and_the_codebook_the_right_one():
    """Means 5 of 1 to 7 and 6.4 of 1 to 10 are 66.7 and 60 points; as tens the first is 44.4."""
    people = pd.DataFrame({"s1": [3, 4, 5, 6, 7], "s2": [3, 5, 6, 8, 10], "l": [2, 3, 4, 6, 9]})
    book = Codebook(
        title="t",
        scales={"seven": scale(1, 7), "ten": scale(1, 10)},
        items=[
            Item(name="s1", scale="seven", construct="satisfaction"),
            Item(name="s2", scale="ten", construct="satisfaction"),
            Item(name="l", scale="ten", construct="loyalty"),
        ],
    )
    model = StructuralModel.from_text(
        "satisfaction =~ s1 + s2; loyalty =~ l; loyalty ~ satisfaction"
    )
    result = fit(model, people, scale=book)
    wrong = fit(model, people, scale=(1, 10))
    outer = result.weights.set_index("item")["estimate"]
    spread = people.std(ddof=0)
    # The index weighs items in their own units: its weights are those of standard scores / spread.
    w1, w2 = (outer[name] / spread[name] for name in ("s1", "s2"))
    m1, m2 = people["s1"].mean(), people["s2"].mean()
    by_hand = 100 * (w1 * (m1 - 1) + w2 * (m2 - 1)) / (w1 * 6 + w2 * 9)
    as_tens = 100 * (w1 * (m1 - 1) + w2 * (m2 - 1)) / (w1 * 9 + w2 * 9)
    found, mistaken = (
        r.index.set_index("construct")["estimate"]["satisfaction"] for r in (result, wrong)
    )
    np.testing.assert_allclose([found, mistaken], [by_hand, as_tens], rtol=EXACT)
    assert 60 < found < 66.7
    assert mistaken < 53
