"""Questionnaires: what is held together, what is refused, and YAML, JSON, Markdown and schema."""

import copy
import json
import pickle
import sys
from pathlib import Path

import pytest

from loyaltymodel import structural
from loyaltymodel.errors import DataError, ExtraNotInstalledError, ModelError, OptionError
from loyaltymodel.survey import Codebook, Item, Questionnaire, Scale

FIVE = Scale(
    lowest=1,
    highest=5,
    labels={1: {"en": "bad", "zh": "差"}, 5: {"en": "good", "zh": "好"}},
    dont_know={9: {"en": "no idea", "zh": "不知道"}},
)
SHARE = Scale(lowest=0, highest=1, step=None)


def asked(**changed):
    fields = {
        "title": {"en": "Guests", "zh": "顾客调查"},
        "source": "invented",
        "introduction": {"en": "Thank you.", "zh": "谢谢。"},
        "constructs": {
            "quality": {"en": "quality", "zh": "质量"},
            "satisfaction": {"en": "satisfaction", "zh": "满意"},
        },
        "paths": ["satisfaction ~ quality"],
        "scales": {"five": FIVE, "share": SHARE},
        "items": [
            Item(
                name="q1", scale="five", construct="quality", text={"en": "Food?", "zh": "菜品？"}
            ),
            Item(
                name="q2",
                scale="five",
                construct="quality",
                text={"en": "Noisy?", "zh": "吵吗？"},
                reversed=True,
                dont_know={8: {"en": "refused", "zh": "拒答"}},
            ),
            Item(
                name="s1",
                scale="five",
                construct="satisfaction",
                text={"en": "Satisfied?", "zh": "满意吗？"},
            ),
            Item(name="tip", scale="share", text={"en": "Tip?", "zh": "小费？"}),
        ],
    }
    return Questionnaire.model_validate(fields | changed)


def test_codebook_and_model():
    form = asked()
    assert form.codebook == Codebook(
        title=form.title, source="invented", scales=form.scales, items=form.items
    )
    assert form.languages == ("en", "zh")
    model = structural.StructuralModel.from_text(form.model)
    assert [c.items for c in model.constructs] == [("q1", "q2"), ("s1",)]
    assert [(path.source, path.target) for path in model.paths] == [("quality", "satisfaction")]


def test_without_constructs_they_are_those_of_the_items():
    form = asked(constructs={}, paths=())
    assert dict(form.constructs) == {"quality": "quality", "satisfaction": "satisfaction"}
    assert form.model == "quality =~ q1 + q2\nsatisfaction =~ s1"
    nothing = asked(constructs={}, paths=(), scales={"share": SHARE}, items=[asked().items[3]])
    assert nothing.model == ""


def test_names_that_are_no_plain_words_stand_in_quotes():
    items = [
        Item(name=n, scale="five", construct=c) for n, c in (("q 1", "a b"), ("s", "顾客满意"))
    ]
    form = asked(constructs={}, scales={"five": FIVE}, items=items, paths=['顾客满意 ~ "a b"'])
    assert structural.StructuralModel.from_text(form.model).constructs[0].name == "a b"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"paths": ["satisfaction ~ qualty"]},
            r"no construct 'qualty' \(did you mean 'quality'\?\)",
        ),
        ({"paths": ["satisfaction =~ q1"]}, "write paths only"),
        ({"paths": ["satisfaction"]}, "which cannot be read: column"),
        ({"paths": ["satisfaction ~ quality +"]}, "nothing follows the last"),
        ({"constructs": {"quality": "q"}, "paths": []}, "'s1' has 'satisfaction'"),
        (
            {"constructs": {"quality": "q", "satisfaction": "s", "value": "v"}},
            "no item shows the construct 'value'",
        ),
        ({"scales": {"five": FIVE, "share": SHARE, "ten": SHARE}}, "no item uses the scale 'ten'"),
        ({"scales": {"five": FIVE}}, "scale that the codebook does not have"),
        ({"items": [*asked().items, asked().items[0]]}, "items named more than once: q1"),
        ({"items": []}, "at least one item"),
        ({"title": " "}, "a title that is not empty"),
        ({"model": "x"}, "model is none of its fields"),
    ],
)
def test_what_contradicts_itself_is_refused(changed, message):
    with pytest.raises(ModelError, match=message):
        asked(**changed)


def test_the_language_that_is_not_there_is_refused_with_what_lacks_it():
    items = list(asked().items)
    items[0] = items[0].model_copy(update={"text": {"en": "Food?"}})
    with pytest.raises(OptionError, match=r"no text in it for item 'q1'; .* worded in en$"):
        asked(items=items).to_markdown(language="zh")
    with pytest.raises(OptionError, match="item 'q1', item 'q2', item 's1'"):
        asked().to_markdown(language="fr")


def test_markdown():
    assert asked().to_markdown() == (
        "# Guests\n\nThank you.\n\n## quality\n\n1. Food?\n\n"
        "   ☐ 1 bad ☐ 2 ☐ 3 ☐ 4 ☐ 5 good ☐ no idea\n\n2. Noisy?\n\n"
        "   ☐ 1 bad ☐ 2 ☐ 3 ☐ 4 ☐ 5 good ☐ no idea ☐ refused\n\n## satisfaction\n\n"
        "3. Satisfied?\n\n   ☐ 1 bad ☐ 2 ☐ 3 ☐ 4 ☐ 5 good ☐ no idea\n\n---\n\n4. Tip?\n\n"
        "   __________ (0 – 1)\n"
    )
    chinese = asked().to_markdown(language="zh")
    assert "1. 菜品？\n\n   ☐ 1 差 ☐ 2 ☐ 3 ☐ 4 ☐ 5 好 ☐ 不知道" in chinese


def test_markdown_of_plain_texts_and_nameless_codes():
    scale = Scale(lowest=0, highest=30, labels={0: "never"}, dont_know=[99])
    form = Questionnaire(title="T", scales={"n": scale}, items=[Item(name="visits", scale="n")])
    assert form.languages == ()
    text = "# T\n\n1. visits\n\n   __________ (0 never – 30) ☐ don't know\n"
    assert form.to_markdown() == form.to_markdown(language="en") == text


def test_json_yaml_pickle_and_copies_are_equal():
    form = asked()
    assert Questionnaire.from_json(form.to_json()) == form
    assert Questionnaire.from_yaml(form.to_yaml()) == form
    assert Questionnaire.from_yaml(form.to_yaml().encode()) == form
    assert pickle.loads(pickle.dumps(form)) == copy.deepcopy(form) == form
    book = form.codebook
    assert Codebook.from_yaml(book.to_yaml()) == book


def test_yaml_is_for_people(tmp_path):
    text = asked().to_yaml()
    assert "  # answers to q1, q2, s1\n  five:" in text
    assert "  # 1 to 5, turned when it is read\n  - name: q2" in text
    assert "      1:\n        en: bad\n        zh: 差" in text
    assert "direction" not in text  # what has its default
    path = tmp_path / "form.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert Questionnaire.from_yaml(path) == asked()


def test_yaml_takes_no_text_for_something_else():
    book = Codebook.from_yaml(
        "title: on\n"
        "scales:\n"
        "  a: {lowest: 0, highest: 1, labels: {0: no, 1: yes}}\n"
        "items:\n"
        "  - {name: off, scale: a, text: 2024-01-31, reversed: true}\n"
    )
    assert book.title == "on"
    assert dict(book.scales["a"].labels) == {0: "no", 1: "yes"}
    assert (book.items[0].name, book.items[0].text, book.items[0].reversed) == (
        "off", "2024-01-31", True,
    )  # fmt: skip
    assert Codebook.from_yaml(book.to_yaml()) == book


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: a\ntitle: b", "'title' stands twice"),
        ("title: [a", "line 1, column 8: did not find|cannot be read as YAML: line"),
        ("a: &x 1\nb: *x", r"references \(\*\) are not read"),
        ("just words", "a mapping of fields is needed"),
        ("", "a mapping of fields is needed"),
        ("form.yaml", r"is the name of a file; give Path\('form.yaml'\)"),
        ("title: !!python/object/apply:os.system [ls]", "cannot be read as YAML"),
        ("title: a\nscales: {}\nitems: []", "at least one item"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        ("title: a\x00b", "cannot be read as YAML"),
    ],
)
def test_yaml_that_is_refused(text, message):
    with pytest.raises(ModelError, match=message):
        Codebook.from_yaml(text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        Codebook.from_yaml(tmp_path / "none.yaml")


def test_without_the_package_the_way_out_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ExtraNotInstalledError, match="pip install pyyaml"):
        asked().to_yaml()


def test_the_schema_holds_what_is_right_and_refuses_what_is_not():
    jsonschema = pytest.importorskip("jsonschema")
    schema = Questionnaire.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    validator = jsonschema.Draft202012Validator(schema)
    right = json.loads(asked().to_json())
    assert validator.is_valid(right)
    for field, wrong in [
        ("title", None),
        ("title", {"english": "x", "Z": "y"}),
        ("items", [{"name": "q1"}]),
        ("items", [{"name": "q1", "scale": "five", "txt": "?"}]),
        ("scales", {"five": {"lowest": "1", "highest": 5}}),
        ("scales", {"five": {"lowest": 1, "highest": 5, "direction": "left"}}),
        ("paths", "a ~ b"),
        ("model", "a =~ b"),
    ]:
        assert not validator.is_valid(right | {field: wrong}), (field, wrong)
    assert not validator.is_valid({k: v for k, v in right.items() if k != "scales"})


def test_the_instruments_are_packaged():
    folder = Path(sys.modules[Questionnaire.__module__].__file__).parent / "instruments"
    assert len(list(folder.glob("*.json"))) == 14
