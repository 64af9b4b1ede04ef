"""Forms and prints in several languages: one language throughout, and nothing lost in silence."""

from pathlib import Path

import markdown_it
import openpyxl
import pytest

from loyaltymodel.errors import DataError, ModelError, OptionError
from loyaltymodel.survey import Questionnaire

THREE = {"lowest": 1, "highest": 3}


def through(asked, folder: Path, **options):
    """Write a form, and return what it did not hold, what was read, and what was lost."""
    path = folder / "form.xlsx"
    return asked.to_xlsform(path, **options), *Questionnaire.from_xlsform(path)


def form_of_others(folder: Path, survey, choices=(("list_name", "name", "label"),)) -> Path:
    book = openpyxl.Workbook()
    for name, rows in (("survey", survey), ("choices", choices)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "theirs.xlsx")
    return folder / "theirs.xlsx"


def test_scales_with_chinese_names_keep_lists_of_their_own(tmp_path):
    asked = Questionnaire(
        title="问卷",
        scales={
            "五分": {"lowest": 1, "highest": 5, "labels": {1: "差", 5: "好"}},
            "七分": {"lowest": 1, "highest": 7, "labels": {1: "坏", 7: "棒"}},
            "scale_1": THREE,
            "a b": {**THREE, "labels": {1: "one"}},
            "a_b": {**THREE, "labels": {1: "uno"}},
        },
        items=[
            {"name": "q1", "scale": "五分"},
            {"name": "q2", "scale": "七分"},
            {"name": "q3", "scale": "scale_1"},
            {"name": "q4", "scale": "a b"},
            {"name": "q5", "scale": "a_b"},
            {"name": "q6", "scale": "a_b", "dont_know": [8]},
        ],
    )
    assert through(asked, tmp_path) == ((), asked, ())


def test_without_a_language_the_whole_is_in_one():
    asked = Questionnaire(
        title={"zh": "问卷", "en": "Survey"},
        scales={"three": {**THREE, "labels": {1: {"en": "bad", "zh": "差"}}}},
        items=[{"name": "q1", "scale": "three", "text": {"en": "Good?", "zh": "好吗？"}}],
    )
    assert asked.to_markdown() == asked.to_markdown(language="zh")
    assert "bad" not in asked.to_markdown()


def test_no_language_throughout_is_refused(tmp_path):
    asked = Questionnaire(
        title={"zh": "问卷"},
        scales={"three": THREE},
        items=[{"name": "q1", "scale": "three", "text": {"en": "Good?"}}],
    )
    assert asked.languages == ()
    for write in (asked.to_markdown, lambda: asked.to_xlsform(tmp_path / "form.xlsx")):
        with pytest.raises(OptionError, match=r"no text in it for the title.* no language through"):
            write()


def test_texts_of_the_codes_of_an_item_count_as_texts():
    asked = Questionnaire(
        title="Survey",
        scales={"three": THREE},
        items=[
            {
                "name": "q1",
                "scale": "three",
                "text": {"en": "Good?", "zh": "好吗？"},
                "dont_know": {8: {"en": "not used"}},
            }
        ],
    )
    assert asked.languages == ("en",)
    with pytest.raises(OptionError, match="language='zh': there is no text in it for item 'q1'"):
        asked.to_markdown(language="zh")


def test_a_language_that_some_texts_lack_is_named(tmp_path):
    asked = Questionnaire(
        title="Survey",
        scales={"three": THREE},
        items=[
            {"name": "q1", "scale": "three", "text": {"en": "Good?", "de": "Gut?"}},
            {"name": "q2", "scale": "three", "text": {"en": "Bad?"}},
        ],
    )
    unwritten, found, lost = through(asked, tmp_path)
    assert unwritten == ("texts in 'de' are not in the form (item 'q1')",)
    assert (found.items[0].text, lost) == ({"en": "Good?"}, ())


def test_labels_that_are_numbers_or_begin_like_formulas_come_back(tmp_path):
    asked = Questionnaire(
        title="=1+1",
        scales={"three": {**THREE, "labels": {1: "1", 2: "007", 3: "=A1"}}},
        items=[{"name": "q1", "scale": "three", "text": "2024-01-01"}],
    )
    assert through(asked, tmp_path) == ((), asked, ())


def test_languages_of_others_are_known_by_their_names_or_named_as_unknown(tmp_path):
    heads = ("type", "name", "label::German", "label::中文", "label::Klingon")
    path = form_of_others(
        tmp_path,
        [heads, ("select_one two", "q1", "Gut?", "好吗？", "QaQ?")],
        [("list_name", "name", "label::German", "label::中文"), ("two", 1, "ja", "是"),
         ("two", 2, "nein", "否")],
    )  # fmt: skip
    found, lost = Questionnaire.from_xlsform(path)
    assert found.items[0].text == {"de": "Gut?", "zh": "好吗？"}
    assert any("'label::Klingon' is not known" in sentence for sentence in lost)


def test_codes_apart_from_the_scale_are_taken_as_such_and_said(tmp_path):
    path = form_of_others(
        tmp_path,
        [("type", "name", "label"), ("select_one five", "q1", "Good?")],
        [("list_name", "name", "label"), *(("five", k, f"answer {k}") for k in range(1, 6)),
         ("five", 99, "cannot say")],
    )  # fmt: skip
    found, lost = Questionnaire.from_xlsform(path)
    scale = found.scales["five"]
    assert (scale.pair, dict(scale.dont_know)) == ((1.0, 5.0), {99.0: "cannot say"})
    assert "of the choices of q1 1 to 5 are the scale, and 99 a code" in lost[0]


def test_a_form_without_any_question_of_ours_says_why(tmp_path):
    path = form_of_others(tmp_path, [("type", "name", "label"), ("text", "q1", "Why?")])
    with pytest.raises(DataError, match="q1 of type 'text' is no question with a scale"):
        Questionnaire.from_xlsform(path)


def test_texts_are_printed_as_they_stand():
    asked = Questionnaire(
        title="# Guests",
        introduction="First.\n\nSecond *line*.",
        scales={"three": {**THREE, "labels": {1: "<b>no</b>"}}},
        items=[
            {"name": "q_1", "scale": "three", "text": "A\n\n# _b_ [c](d) 1. e"},
            {"name": "q_2", "scale": "three", "text": "12. a"},
            {"name": "q_3", "scale": "three"},
        ],
    )
    html = markdown_it.MarkdownIt().render(asked.to_markdown())
    assert "<h1># Guests</h1>\n<p>First.</p>\n<p>Second *line*.</p>" in html
    assert "<p>A # _b_ [c](d) 1. e</p>" in html
    assert "<p>12. a</p>" in html
    assert "<p>q_3</p>" in html
    assert "1 &lt;b&gt;no&lt;/b&gt;" in html


@pytest.mark.parametrize("text", ["true story", "falsely", "null and void", "~", "true", "12:30"])
def test_texts_that_begin_like_other_things_come_back_from_yaml(text):
    asked = Questionnaire(
        title=text,
        scales={"three": {**THREE, "labels": {3: text}}},
        items=[{"name": "q1", "scale": "three", "text": {"en": text, "no": "no"}}],
    )
    assert Questionnaire.from_yaml(asked.to_yaml()) == asked


def test_plain_text_that_begins_with_true_is_text():
    text = "title: true story\nscales: {s: {lowest: 1, highest: 3}}\nitems: [{name: q, scale: s}]"
    assert Questionnaire.from_yaml(text).title == "true story"


def test_what_stands_twice_is_pointed_at():
    text = "title: t\nscales: {s: {lowest: 1, highest: 3}}\nitems: [{name: q, scale: s}]\ntitle: u"
    with pytest.raises(ModelError, match="line 4, column 1: 'title' stands twice"):
        Questionnaire.from_yaml(text)
