"""What a structural model may claim, what it refuses, and that it never changes."""

import copy
import graphlib
import json
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from loyaltymodel.errors import LoyaltyModelError, ModelError
from loyaltymodel.structural import Construct, Path, StructuralModel, acsi, ecsi, scsb


def construct(name, *items, mode="A"):
    return Construct(name=name, items=items, mode=mode)


def model_of(names, arrows):
    """Make a model of constructs with one item each, and of paths written 'a b'."""
    return StructuralModel(
        constructs=[construct(name, f"{name}1") for name in names.split()],
        paths=[Path(source=s, target=t) for s, t in (arrow.split() for arrow in arrows)],
    )


@pytest.fixture
def diamond():
    """One exogenous construct, two in the middle, one at the end."""
    return model_of("top left right end", ["top left", "top right", "left end", "right end"])


# Refusals

REFUSED = {
    "construct without a name": (
        lambda: construct("", "x"),
        "name that is empty",
    ),
    "construct named by blanks": (
        lambda: construct(" \t", "x"),
        "name that is empty",
    ),
    "construct without an item": (lambda: construct("a"), "'a' has no item"),
    "item without a name": (lambda: construct("a", "x", ""), "'a' has an item whose name is empty"),
    "item named by blanks": (lambda: construct("a", "  "), "item whose name is empty"),
    "item twice": (lambda: construct("a", "x", "y", "x"), "'a' names x twice"),
    "name that is a number": (lambda: construct(3, "x"), "Construct: name .*given: 3"),
    "name that is None": (lambda: construct(None, "x"), "Construct: name .*given: None"),
    "items as one text": (lambda: Construct(name="a", items="xyz"), "items .*given: 'xyz'"),
    "items that are numbers": (lambda: construct("a", "x", 7), r"items\.1 .*given: 7"),
    "construct without items": (lambda: Construct(name="a"), "items is missing"),
    "unknown mode": (
        lambda: construct("a", "x", mode="C"),
        "mode must be 'A' or 'B'.*given: 'C'",
    ),
    "mode in small letters": (lambda: construct("a", "x", mode="a"), "mode .*given: 'a'"),
    "mode that is None": (lambda: construct("a", "x", mode=None), "mode .*given: None"),
    "unknown field of a construct": (
        lambda: Construct(name="a", items=["x"], weight=1),
        "weight is none of its fields",
    ),
    "path to itself": (lambda: Path(source="a", target="a"), "a -> a leads .* to itself"),
    "path without a target": (lambda: Path(source="a"), "target is missing"),
    "path with a number": (lambda: Path(source="a", target=1), "target .*given: 1"),
    "unknown field of a path": (
        lambda: Path(source="a", target="b", sign="+"),
        "sign is none of its fields",
    ),
    "constructs named alike": (
        lambda: StructuralModel(
            constructs=[construct("a", "x"), construct("b", "z"), construct("a", "y")],
            paths=[Path(source="a", target="b")],
        ),
        "constructs named more than once: a$",
    ),
    "item in two constructs": (
        lambda: StructuralModel(
            constructs=[construct("a", "x"), construct("b", "y", "x")],
            paths=[Path(source="a", target="b")],
        ),
        "item 'x' is in two constructs, 'a' and 'b'",
    ),
    "construct on no path": (
        lambda: model_of("a b lonely", ["a b"]),
        "constructs on no path: lonely;",
    ),
    "no path at all": (lambda: model_of("a b", []), "constructs on no path: a, b;"),
    "unknown source": (
        lambda: model_of("quality loyalty", ["qualty loyalty"]),
        r"unknown constructs: 'qualty' \(did you mean 'quality'\?\); .* quality, loyalty",
    ),
    "unknown target": (lambda: model_of("a b", ["a b", "b zzz"]), "unknown constructs: 'zzz';"),
    "path twice": (
        lambda: model_of("a b", ["a b", "a b"]),
        "paths listed more than once: a -> b$",
    ),
    "circle of two": (
        lambda: model_of("a b", ["a b", "b a"]),
        "close a circle: (a -> b -> a|b -> a -> b);",
    ),
    "constructs that are text": (
        lambda: StructuralModel(constructs="ab", paths=[]),
        "StructuralModel: constructs .*given: 'ab'",
    ),
    "paths that are pairs": (
        lambda: StructuralModel(
            constructs=[construct("a", "x"), construct("b", "y")], paths=[("a", "b")]
        ),
        "Path: ",
    ),
    "paths that are None": (
        lambda: StructuralModel(constructs=[construct("a", "x")], paths=None),
        "paths .*given: None",
    ),
    "model without paths": (
        lambda: StructuralModel(constructs=[construct("a", "x")]),
        "paths is missing",
    ),
    "unknown field of a model": (
        lambda: StructuralModel(
            constructs=[construct("a", "x"), construct("b", "y")],
            paths=[Path(source="a", target="b")],
            title="T",
        ),
        "StructuralModel: title is none of its fields",
    ),
    "bad construct inside a model": (
        lambda: StructuralModel(constructs=[{"name": "a", "items": []}], paths=[]),
        "'a' has no item",
    ),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(make, message):
    with pytest.raises(ModelError, match=message):
        make()


def test_message_of_a_refusal_is_one_line_without_pydantic_words():
    with pytest.raises(ModelError) as refusal:
        Construct(name=1, items=(2,), size=3)
    message = str(refusal.value)
    assert "\n" not in message
    assert "pydantic" not in message
    assert "validation error" not in message


def named_circle(refusal):
    """Return the constructs of the circle that a message names."""
    _, _, rest = str(refusal.value).partition("circle: ")
    return rest.partition(";")[0].split(" -> ")


def test_long_circle_is_named_whole_and_in_the_direction_of_its_paths():
    names = [f"c{i}" for i in range(40)]
    arrows = [f"{a} {b}" for a, b in pairwise([*names, names[0]])]
    with pytest.raises(ModelError) as refusal:
        model_of(" ".join(names), arrows)
    circle = named_circle(refusal)
    assert circle[0] == circle[-1]
    assert sorted(circle[1:]) == sorted(names)
    assert {f"{a} {b}" for a, b in pairwise(circle)} == set(arrows)


def test_only_the_circle_is_named_not_what_leads_to_it_or_follows():
    with pytest.raises(ModelError) as refusal:
        model_of("in a b c out", ["in a", "a b", "b c", "c a", "c out"])
    circle = named_circle(refusal)
    assert set(circle) == {"a", "b", "c"}
    assert len(circle) == 4


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda p: p[0] != p[1])))
def test_paths_are_refused_just_when_they_close_a_circle(pairs):
    pairs = pairs | {(6, 7)}  # never empty, and never part of a circle
    names = [str(k) for k in sorted({end for pair in pairs for end in pair})]
    sorter = graphlib.TopologicalSorter()
    for source, target in pairs:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except graphlib.CycleError:
        with pytest.raises(ModelError, match="close a circle") as refusal:
            model_of(" ".join(names), [f"{s} {t}" for s, t in pairs])
        circle = [int(name) for name in named_circle(refusal)]
        assert circle[0] == circle[-1]
        assert len(set(circle)) == len(circle) - 1
        assert set(pairwise(circle)) <= pairs
    else:
        assert len(model_of(" ".join(names), [f"{s} {t}" for s, t in pairs]).paths) == len(pairs)


# Frozen, copied, written and read


@pytest.mark.parametrize("field", ["constructs", "paths", "new"])
def test_model_cannot_be_changed(diamond, field):
    with pytest.raises((ValidationError, ModelError, AttributeError), match="frozen"):
        setattr(diamond, field, ())


@pytest.mark.parametrize("field", ["name", "items", "mode"])
def test_construct_cannot_be_changed(field):
    with pytest.raises((ValidationError, ModelError, AttributeError), match="frozen"):
        setattr(construct("a", "x"), field, "B")


def test_field_cannot_be_deleted(diamond):
    with pytest.raises((ValidationError, ModelError, AttributeError), match="frozen"):
        del diamond.paths


def test_lists_given_are_kept_as_tuples():
    items = ["x", "y"]
    made = Construct(name="a", items=items)
    items.append("z")
    assert made.items == ("x", "y")


def test_model_copy_replaces_a_field(diamond):
    paths = (*diamond.paths, Path(source="top", target="end"))
    copied = diamond.model_copy(update={"paths": paths})
    assert copied.drivers("end") == ("top", "left", "right")
    assert diamond.drivers("end") == ("left", "right")


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"paths": ()}, "on no path"),
        ({"paths": [Path(source="top", target="nowhere")]}, "unknown constructs"),
        ({"constructs": "x"}, "constructs must be a list"),
        ({"title": "x"}, "is none of its fields"),
    ],
)
def test_model_copy_checks_like_the_constructor(diamond, update, message):
    with pytest.raises(ModelError, match=message):
        diamond.model_copy(update=update)


def test_model_copy_of_a_construct_checks():
    with pytest.raises(ModelError, match="has no item"):
        construct("a", "x").model_copy(update={"items": ()})


@pytest.mark.parametrize("deep", [False, True])
def test_model_copy_without_update_is_equal(diamond, deep):
    assert diamond.model_copy(deep=deep) == diamond


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_and_pickles_are_equal_and_frozen(diamond, again):
    other = again(diamond)
    assert other == diamond
    assert hash(other) == hash(diamond)
    with pytest.raises((ValidationError, ModelError, AttributeError), match="frozen"):
        other.paths = ()


@pytest.mark.parametrize("indent", [None, 2])
def test_json_round_trip(diamond, indent):
    text = diamond.to_json(indent=indent)
    assert StructuralModel.from_json(text) == diamond
    assert ("\n" in text) == (indent is not None)


def test_json_round_trip_keeps_mode_and_odd_names():
    model = StructuralModel(
        constructs=[construct("满意 度", 'x "1"', "\\\n", mode="B"), construct("a", "é")],
        paths=[Path(source="满意 度", target="a")],
    )
    assert StructuralModel.from_json(model.to_json()) == model


def test_json_is_plain_and_can_be_written_by_hand(diamond):
    content = json.loads(diamond.to_json())
    assert content["constructs"][0] == {"name": "top", "items": ["top1"], "mode": "A"}
    assert content["paths"][0] == {"source": "top", "target": "left"}


JSON_OF_TWO = '{"constructs": [{"name": "a", "items": ["x"]}, {"name": "b", "items": ["y"]}], '


def test_json_without_mode_means_mode_a():
    model = StructuralModel.from_json(JSON_OF_TWO + '"paths": [{"source": "a", "target": "b"}]}')
    assert [c.mode for c in model.constructs] == ["A", "A"]


BROKEN_JSON = {
    "nothing": ("", "the text is empty; JSON is needed"),
    "half an object": ('{"constructs": [', "line 1, column 17, at its end: expecting value"),
    "no JSON": ("{\na =~ x", r"line 2, column 1, at 'a =~ x': expecting property name"),
    "a list": ("[]", "StructuralModel: "),
    "a number": ("3", "StructuralModel: "),
    "an empty object": ("{}", "constructs is missing; paths is missing"),
    "unknown field": (JSON_OF_TWO + '"paths": [], "extra": 1}', "extra is none of its"),
    "no paths": (JSON_OF_TWO + '"paths": []}', "on no path: a, b"),
    "unknown construct": (JSON_OF_TWO + '"paths": [{"source": "a", "target": "q"}]}', "'q'"),
    "no text": (None, "StructuralModel: the JSON is None, but text is needed"),
    "a name twice": ('{"paths": [], "constructs": [], "paths": []}', "has paths more than once"),
    "half of a letter": (
        JSON_OF_TWO.replace("x", "\\ud800") + '"paths": [{"source": "a", "target": "b"}]}',
        r"Construct: items has '\\ud800', which is not valid text",
    ),
    "bytes of another encoding": ("满".encode("gbk"), "not text in UTF-8"),
    "a number without end": ("1" * 5000, "numbers are too long"),
    "brackets without end": ("[" * 100_000, "brackets"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_broken_json_is_a_model_error(text, message):
    with pytest.raises(ModelError, match=message):
        StructuralModel.from_json(text)


@pytest.mark.parametrize("as_read", [str, str.encode])
def test_a_byte_order_mark_before_json_is_passed_over(diamond, as_read):
    assert StructuralModel.from_json(as_read("\ufeff" + diamond.to_json())) == diamond


# Names whose letters are composed in two ways

COMPOSED, APART = "caf\u00e9", "cafe\u0301"


def test_paths_find_constructs_however_accents_are_written():
    model = model_of(f"{COMPOSED} b", [f"{APART} b"])
    assert model == model_of(f"{COMPOSED} b", [f"{COMPOSED} b"])
    assert model.paths[0].source == COMPOSED
    assert model.drivers("b") == (COMPOSED,)
    assert model_of(f"b {COMPOSED}", [f"b {COMPOSED}"]).drivers(APART) == ("b",)


def test_names_that_look_the_same_are_the_same():
    with pytest.raises(ModelError, match="constructs named more than once"):
        model_of(f"{COMPOSED} {APART}", [f"{COMPOSED} {APART}"])
    with pytest.raises(ModelError, match=f"item '{COMPOSED}' is in two constructs, 'a' and 'b'"):
        StructuralModel(
            constructs=[construct("a", COMPOSED), construct("b", APART)],
            paths=[Path(source="a", target="b")],
        )
    with pytest.raises(ModelError, match="twice"):
        construct("a", COMPOSED, APART)


# Equality and order


def test_equal_however_the_paths_were_listed():
    arrows = ["top left", "top right", "left end", "right end"]
    one, other = (model_of("top left right end", some) for some in (arrows, arrows[::-1]))
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


def test_paths_stand_in_the_order_of_the_equations():
    model = model_of("a b c d", ["a d", "b c", "a c", "a b"])
    assert [str(path) for path in model.paths] == ["a -> b", "a -> c", "b -> c", "a -> d"]


def test_models_with_other_paths_are_different():
    assert model_of("a b c", ["a b", "b c"]) != model_of("a b c", ["a b", "a c"])


def test_models_with_other_modes_are_different():
    assert construct("a", "x") != construct("a", "x", mode="B")


def test_mode_a_is_the_default():
    assert Construct(name="a", items=["x"]) == construct("a", "x", mode="A")


# What a model tells


def test_names_and_items_stand_in_the_order_given():
    model = StructuralModel(
        constructs=[construct("b", "y2", "y1"), construct("a", "x")],
        paths=[Path(source="a", target="b")],
    )
    assert model.names == ("b", "a")
    assert model.items == ("y2", "y1", "x")


def test_exogenous_and_endogenous_part_the_constructs(diamond):
    assert diamond.exogenous == ("top",)
    assert diamond.endogenous == ("left", "right", "end")


@pytest.mark.parametrize(
    ("target", "expected"),
    [("top", ()), ("left", ("top",)), ("right", ("top",)), ("end", ("left", "right"))],
)
def test_drivers(diamond, target, expected):
    assert diamond.drivers(target) == expected


def test_drivers_of_an_unknown_construct_are_refused_with_a_hint(diamond):
    with pytest.raises(ModelError, match=r"'rigth' \(did you mean 'right'\?\); it has top, left"):
        diamond.drivers("rigth")


def test_path_reads_as_an_arrow():
    assert str(Path(source="quality", target="value")) == "quality -> value"


# Presets: the paths of Fornell et al. (1996), Tenenhaus et al. (2005) and Fornell (1992)

ITEMS = {
    "image": ["i1", "i2"],
    "expectation": ["e1"],
    "quality": ["q1", "q2"],
    "value": ["v1"],
    "satisfaction": ["s1", "s2", "s3"],
    "complaints": ["c1"],
    "loyalty": ["l1", "l2"],
}
ACSI_PATHS = {
    ("expectation", "quality"),
    ("expectation", "value"),
    ("expectation", "satisfaction"),
    ("quality", "value"),
    ("quality", "satisfaction"),
    ("value", "satisfaction"),
    ("satisfaction", "complaints"),
    ("satisfaction", "loyalty"),
    ("complaints", "loyalty"),
}
PRESETS = {
    "acsi": (acsi, ACSI_PATHS),
    "ecsi": (
        ecsi,
        ACSI_PATHS | {("image", "expectation"), ("image", "satisfaction"), ("image", "loyalty")},
    ),
    "scsb": (scsb, {(s, t) for s, t in ACSI_PATHS if "quality" not in (s, t)}),
}
OTHERS = {"acsi": {"image"}, "ecsi": set(), "scsb": {"image", "quality"}}


@pytest.mark.parametrize(("preset", "paths"), PRESETS.values(), ids=PRESETS)
def test_preset_has_exactly_the_published_paths(preset, paths):
    model = preset(ITEMS)
    assert {(path.source, path.target) for path in model.paths} == paths
    assert len(model.paths) == len(paths)


@pytest.mark.parametrize(("name", "n_paths"), [("acsi", 9), ("ecsi", 12), ("scsb", 6)])
def test_preset_has_the_published_number_of_paths(name, n_paths):
    assert len(PRESETS[name][0](ITEMS).paths) == n_paths


@pytest.mark.parametrize("name", PRESETS)
def test_preset_ignores_the_other_constructs_of_the_family(name):
    preset, _ = PRESETS[name]
    needed = {k: v for k, v in ITEMS.items() if k not in OTHERS[name]}
    assert preset(ITEMS) == preset(needed)
    assert set(preset(ITEMS).names) == needed.keys()


@pytest.mark.parametrize("name", PRESETS)
def test_preset_does_not_depend_on_the_order_of_its_mapping(name):
    preset, _ = PRESETS[name]
    assert preset(dict(reversed(ITEMS.items()))) == preset(ITEMS)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_keeps_the_items_and_gives_every_construct_the_mode(name):
    model = PRESETS[name][0](ITEMS, mode="B")
    assert {c.name: (list(c.items), c.mode) for c in model.constructs} == {
        k: (v, "B") for k, v in ITEMS.items() if k not in OTHERS[name]
    }


@pytest.mark.parametrize("name", PRESETS)
def test_preset_refuses_an_unknown_name_with_a_hint(name):
    with pytest.raises(ModelError, match=rf"{name} knows no construct 'qualty' .*'quality'"):
        PRESETS[name][0]({**ITEMS, "qualty": ["z"]})


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("absent", ITEMS)
def test_preset_refuses_to_miss_a_construct_of_its_own(name, absent):
    preset, _ = PRESETS[name]
    fewer = {k: v for k, v in ITEMS.items() if k != absent}
    if absent in OTHERS[name]:
        assert preset(fewer) == preset(ITEMS)
    else:
        with pytest.raises(ModelError, match=f"{name} needs items for {absent};"):
            preset(fewer)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_refuses_an_item_of_two_constructs(name):
    with pytest.raises(ModelError, match="item 's1' is in two constructs"):
        PRESETS[name][0]({**ITEMS, "loyalty": ["l1", "s1"]})


@pytest.mark.parametrize("name", PRESETS)
def test_preset_refuses_a_construct_without_items(name):
    with pytest.raises(ModelError, match="'loyalty' has no item"):
        PRESETS[name][0]({**ITEMS, "loyalty": []})


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("bad", [[" ", "i2"], np.ma.array(["i1", "i2"], mask=[1, 0]), [None]])
def test_preset_refuses_a_wrong_name_also_where_it_is_not_needed(name, bad):
    with pytest.raises(LoyaltyModelError):
        PRESETS[name][0]({**ITEMS, "image": bad})


@pytest.mark.parametrize("name", PRESETS)
def test_preset_refuses_an_unknown_mode(name):
    with pytest.raises(ModelError, match=r"mode .*given: 'C'"):
        PRESETS[name][0](ITEMS, mode="C")


def test_names_that_look_like_arrows_are_told_apart():
    names = ["a", "a -> b", "c", "b -> c"]
    model = StructuralModel(
        constructs=[Construct(name=name, items=[name]) for name in names],
        paths=[Path(source="a -> b", target="c"), Path(source="a", target="b -> c")],
    )
    assert len(model.paths) == 2


def test_a_model_without_anything_is_refused():
    with pytest.raises(ModelError, match="at least two constructs"):
        StructuralModel(constructs=[], paths=[])


def test_a_path_needs_names():
    with pytest.raises(ModelError, match="whose name is empty"):
        Path(source="", target="b")


def test_items_have_an_order():
    with pytest.raises(ModelError, match="order"):
        Construct(name="a", items={"p", "q"})


def test_a_preset_takes_a_lone_name_for_one_item():
    items = {
        "expectation": ["e"],
        "value": ["v"],
        "satisfaction": ["s"],
        "complaints": "CUSCO",
        "loyalty": ["l"],
    }
    assert scsb(items).items == ("e", "v", "s", "CUSCO", "l")


@pytest.mark.parametrize("items", [None, ["a"], "abc"])
def test_a_preset_needs_a_mapping(items):
    with pytest.raises(ModelError, match="mapping from construct to items"):
        acsi(items)


def test_setting_a_field_is_a_model_error():
    with pytest.raises(ModelError, match="frozen"):
        Path(source="a", target="b").source = "c"
